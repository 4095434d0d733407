import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { follow, sourcesOf, type Sink, type Source } from "./follow";
import type { Waiting } from "./types";

const encoder = new TextEncoder();
let streams: string[];

/** One event as the server writes it. */
const event = (id: number, type: string, rest: object = {}) => `id: ${id}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const END = (id: number) => event(id, "response.completed", { response: { id: "resp_1", status: "completed" } });

beforeEach(() => {
  streams = [];
  const now = { access_token: "token", expires_in: 900, user: { id: "user_1" } };
  vi.stubGlobal("fetch", async (path: string) => {
    if (path === "/api/auth/refresh") return new Response(JSON.stringify(now));
    if (path === "/health/ready") return new Response("{}");
    return new Response(encoder.encode(streams.shift()!));
  });
});
afterEach(() => vi.unstubAllGlobals());

/** Follows, and tells in order what a sink was told. */
async function told(after?: number): Promise<string[]> {
  const found: string[] = [];
  const waiting = (one: Waiting | undefined) => {
    const text = one ? `waits: ${one.reason} ${one.until}` : "goes on";
    // That it goes on is said with every event.
    if (one || found.findLast((past) => /^waits|^goes/.test(past))?.startsWith("waits")) found.push(text);
  };
  const nothing = () => {};
  const sink: Sink = { restart: nothing, reasoning: nothing, call: nothing, args: nothing, called: nothing, waiting, text: (delta) => found.push(delta), source: ({ url }) => found.push(url) };
  await follow("resp_1", sink, { after });
  return found;
}

it("w5: a wait is told with its reason and its end, and is over with whatever comes next", async () => {
  const waits = (id: number, waiting: unknown) => event(id, "response.in_progress", { response: { id: "resp_1", waiting } });
  streams = [
    event(0, "response.created") +
      waits(1, null) +
      waits(2, { reason: "asked_to_wait", until: 1_700_000_020 }) +
      waits(3, { reason: "retrying", until: null }) +
      event(4, "response.output_text.delta", { delta: "text" }) +
      waits(5, { reason: "silent", until: null }) +
      END(6),
  ];
  expect(await told()).toEqual([
    "waits: asked_to_wait 1700000020",
    "waits: retrying null",
    "goes on",
    "text",
    "waits: silent null",
    "goes on",
  ]);
});

it("w5: a wait is told to whoever resumes in its middle", async () => {
  streams = [event(7, "response.in_progress", { response: { waiting: { reason: "thinking", until: null } } }) + END(8)];
  expect(await told(6)).toEqual(["waits: thinking null", "goes on"]);
});

it("p9: sources are told as they come", async () => {
  const cites = (id: number, url: string) => event(id, "response.output_text.annotation.added", { annotation: { type: "url_citation", url, title: "T", start_index: 0, end_index: 1 } });
  streams = [event(0, "response.output_text.delta", { delta: "text" }) + cites(1, "https://example.org/a") + cites(2, "javascript:alert(1)") + END(3)];
  expect(await told()).toEqual(["text", "https://example.org/a"]);
});

it("p9: only pages that a browser opens safely are sources, each once, in their order", () => {
  const cite = (url: unknown, more: object = {}): unknown => ({ type: "url_citation", url, title: " A title ", ...more });
  const found: Source[] = sourcesOf([
    cite("https://example.org/b"),
    cite("http://example.org/a", { title: null }),
    cite("https://example.org/b"),
    // One address in three spellings.
    cite("https://example.org"),
    cite("https://example.org/"),
    cite("HTTPS://Example.org:443/"),
    cite("javascript:alert(1)"),
    cite("data:text/html,x"),
    cite("//example.org"),
    cite("not an address"),
    cite(7),
    { type: "file_citation", url: "https://example.org/c" },
    null,
  ]);
  expect(found).toEqual([
    { url: "https://example.org/b", title: "A title" },
    { url: "http://example.org/a", title: "" },
    { url: "https://example.org/", title: "A title" },
  ]);
  expect(sourcesOf(undefined)).toEqual([]);
  expect(sourcesOf(null)).toEqual([]);
});
