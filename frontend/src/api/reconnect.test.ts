// An answer that is followed through every kind of trouble, by a clock that the test moves.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Locks } from "../testing/browser";
import type { Sink } from "./follow";

/** One connection to the events, as the server gives it. */
type Connection = (request: Asked) => Response | Promise<Response>;

interface Asked {
  at: number;
  /** The number of the last event that the client has. */
  last: string | null;
  token: string | null;
  signal: AbortSignal;
}

const PATH = "/api/responses/resp_1/events";
const encoder = new TextEncoder();

let connections: Connection[];
/** What has been asked of the events, oldest first. */
let asked: Asked[];
/** How often the token was renewed. */
let renewed: number;
/** Whether anything of the server can be reached. */
let reachable: boolean;
/** What the sink was told: texts, and `|` where the answer starts again. */
let told: string;

const event = (id: number, type: string, rest: object = {}) => `id: ${id}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const created = (id: number) => event(id, "response.created", { response: {} });
const text = (id: number, delta: string) => event(id, "response.output_text.delta", { delta });
const ended = (id: number) => event(id, "response.completed", { response: { id: "resp_1", status: "completed" } });
const refused = (status: number, code: string, headers = {}): Connection => () =>
  new Response(JSON.stringify({ error: { message: code, code } }), { status, headers });

/** A stream of these pieces; then it ends, breaks, or says no more until it is left. */
function stream(pieces: (string | Uint8Array)[], then: "ends" | "breaks" | "is silent" = "ends"): Connection {
  return ({ signal }) => {
    const body = new ReadableStream<Uint8Array>({
      start(to) {
        signal.addEventListener("abort", () => to.error(signal.reason));
        for (const piece of pieces) to.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
        if (then === "ends") to.close();
      },
      pull(to) {
        // Only after the pieces were read: an error drops what waits.
        if (then === "breaks") to.error(new TypeError("network error"));
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
}

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  vi.spyOn(Math, "random").mockReturnValue(0);
  connections = [];
  asked = [];
  renewed = 0;
  reachable = true;
  told = "";
  vi.stubGlobal("navigator", { onLine: true, locks: new Locks() });
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("fetch", async (path: string, { headers, signal }: RequestInit) => {
    if (path === PATH) {
      const given = new Headers(headers);
      asked.push({ at: Date.now(), last: given.get("last-event-id"), token: given.get("authorization"), signal: signal! });
    }
    if (!reachable) throw new TypeError("away");
    if (path === "/health/ready") return new Response("{}");
    if (path === "/api/auth/refresh") {
      renewed += 1;
      return new Response(JSON.stringify({ access_token: `token ${renewed}`, expires_in: 900, user: { id: "user_1" } }));
    }
    const next = connections.shift();
    if (!next) throw new Error("nobody was to ask again");
    return next(asked.at(-1)!);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Begins to follow; the clock stands still. */
async function begin(options: { after?: number; signal?: AbortSignal } = {}) {
  const { follow } = await import("./follow");
  const nothing = () => {};
  const sink: Sink = {
    restart: () => void (told += "|"),
    text: (delta) => void (told += delta),
    reasoning: nothing, call: nothing, args: nothing, called: nothing, waiting: nothing, source: nothing,
  };
  const following = follow("resp_1", sink, options);
  // What it comes to is looked at later.
  following.catch(nothing);
  await vi.advanceTimersByTimeAsync(0);
  // Not the promise itself, for which an `await` would wait.
  return { following };
}

/** How long it waited before each connection but the first, in milliseconds. */
const pauses = () => asked.slice(1).map(({ at }, index) => at - asked[index]!.at);

it("goes on after the last event, wherever the stream was cut", async () => {
  const events = [created(0), text(1, "Grüße, "), text(2, "日本 "), text(3, "🌈"), ended(4)];
  const whole = encoder.encode(events.join(""));
  const ends = events.map((_, index) => encoder.encode(events.slice(0, index + 1).join("")).length);
  for (let at = 0; at < whole.length; at += 1) {
    [told, asked] = ["", []];
    // The server tells again what the client does not have.
    const again: Connection = (request) => stream([events.slice(request.last === null ? 0 : Number(request.last) + 1).join("")])(request);
    connections = [stream([whole.slice(0, at)], at % 2 === 0 ? "ends" : "breaks"), again];
    const { following } = await begin();
    await vi.advanceTimersByTimeAsync(500);
    expect((await following).status).toBe("completed");
    const known = ends.filter((end) => end <= at).length;
    expect(asked.map(({ last }) => last), `cut at ${at}`).toEqual([null, known > 0 ? String(known - 1) : null]);
    expect(told, `cut at ${at}`).toBe("|Grüße, 日本 🌈");
  }
});

it("begins after the event that is known already", async () => {
  connections = [stream([text(8, "b"), ended(9)])];
  await begin({ after: 7 });
  expect(asked[0]!.last).toBe("7");
  expect(told).toBe("b");
});

it("forgets what was told when the server starts again", async () => {
  connections = [stream([text(3, "half")]), stream([created(1_000_000), text(1_000_001, "whole"), ended(1_000_002)])];
  const { following } = await begin({ after: 2 });
  await vi.advanceTimersByTimeAsync(500);
  await following;
  expect(told).toBe("half|whole");
});

it("takes a number from numbered events only", async () => {
  const unnumbered = ['data: {"type":"error"}\n\n', 'id\ndata: {"type":"error"}\n\n', 'id: x\ndata: {"type":"error"}\n\n', "data: [DONE]\n\n"];
  connections = [stream([text(5, "a"), ...unnumbered]), stream([ended(6)])];
  const { following } = await begin();
  await vi.advanceTimersByTimeAsync(500);
  await following;
  expect(asked.map(({ last }) => last)).toEqual([null, "5"]);
});

it("gets another token, once, when the one it has is refused in mid-stream", async () => {
  connections = [
    stream([created(0), text(1, "a")]),
    refused(401, "invalid_token"),
    stream([text(2, "b"), ended(3)]),
  ];
  const { following } = await begin();
  expect(renewed).toBe(1);
  await vi.advanceTimersByTimeAsync(500);
  await following;
  expect(renewed).toBe(2);
  expect(asked.map(({ last, token }) => [last, token])).toEqual([
    [null, "Bearer token 1"],
    ["1", "Bearer token 1"],
    ["1", "Bearer token 2"],
  ]);
  // With the new token it asks at once.
  expect(pauses()).toEqual([500, 0]);
  expect(told).toBe("|ab");
});

it("gives up when a new token is refused as well", async () => {
  connections = [refused(401, "invalid_token"), refused(401, "invalid_token")];
  await expect((await begin()).following).rejects.toMatchObject({ name: "Refused", status: 401 });
  expect(renewed).toBe(2);
});

it("waits twice as long after each connection that brought nothing, ten seconds at most", async () => {
  connections = [...Array.from({ length: 7 }, () => stream([": alive\n\n"])), stream([ended(0)])];
  const { following } = await begin();
  await vi.advanceTimersByTimeAsync(60_000);
  await following;
  expect(pauses()).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

it("waits for half of that more, as chance has it", async () => {
  vi.mocked(Math.random).mockReturnValue(0.999);
  connections = [stream([]), stream([]), stream([ended(0)])];
  const { following } = await begin();
  await vi.advanceTimersByTimeAsync(60_000);
  await following;
  expect(pauses()).toEqual([750, 1_500].map((most) => expect.closeTo(most, -1) as number));
});

it("comes back soon after a connection that brought something", async () => {
  connections = [stream([]), stream([]), stream([text(0, "a")]), stream([]), stream([ended(1)])];
  const { following } = await begin();
  await vi.advanceTimersByTimeAsync(60_000);
  await following;
  expect(pauses()).toEqual([500, 1_000, 500, 1_000]);
});

it("comes back when the server says, but not at once", async () => {
  connections = [stream([text(0, "a"), "retry: 3000\n\n"]), stream([]), stream(["retry: 0\n\n"]), stream([ended(1)])];
  const { following } = await begin();
  await vi.advanceTimersByTimeAsync(60_000);
  await following;
  expect(pauses()).toEqual([3_000, 6_000, 500]);
});

it.each([0, 0.999])("comes back within a day, whatever is asked for, and however chance has it (%s)", async (chance) => {
  vi.mocked(Math.random).mockReturnValue(chance);
  connections = [stream([`retry: ${40 * 86_400_000}\n\n`]), stream([ended(0)])];
  const { following } = await begin();
  await vi.advanceTimersByTimeAsync(86_400_000 - 1);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  await following;
});

it.each([
  ["too many streams", 429, "rate_limit_exceeded", { "retry-after": "7" }, 7_000],
  ["a server on its way down", 503, "overloaded", { "retry-after-ms": "1500" }, 1_500],
])("waits as long as it is asked to: %s", async (_, status, code, headers, pause) => {
  connections = [stream([text(0, "a")]), refused(status, code, headers), stream([ended(1)])];
  const { following } = await begin();
  await vi.advanceTimersByTimeAsync(60_000);
  await following;
  expect(pauses()).toEqual([500, pause]);
  expect(asked.at(-1)!.last).toBe("0");
});

it("does not ask for what is gone or forbidden again", async () => {
  for (const [status, code] of [[404, "not_found"], [403, "insufficient_scope"], [410, "gone"]] as const) {
    asked = [];
    connections = [stream([text(0, "a")]), refused(status, code)];
    const { following } = await begin();
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(following).rejects.toMatchObject({ name: "Refused", status });
    expect(asked).toHaveLength(2);
  }
});

it("asks for the stream again as soon as the server is back, and not before", async () => {
  connections = [stream([text(0, "a")], "breaks"), stream([ended(1)])];
  const { following } = await begin();
  reachable = false;
  await vi.advanceTimersByTimeAsync(300_000);
  // One attempt has found that it is away; since then one probe asks for all.
  expect(asked).toHaveLength(2);
  reachable = true;
  await vi.advanceTimersByTimeAsync(10_000);
  await following;
  expect(asked.map(({ last }) => last)).toEqual([null, "0", "0"]);
});

it("leaves a stream that shows no sign of life, and none that shows one", async () => {
  let alive = () => {};
  const living: Connection = ({ signal }) => {
    const body = new ReadableStream<Uint8Array>({
      start(to) {
        signal.addEventListener("abort", () => to.error(signal.reason));
        alive = () => to.enqueue(encoder.encode(": alive\n\n"));
        to.enqueue(encoder.encode(text(0, "a")));
      },
    });
    return new Response(body);
  };
  connections = [living, stream([ended(1)])];
  const { following } = await begin();
  for (let minutes = 0; minutes < 10; minutes += 1) {
    await vi.advanceTimersByTimeAsync(40_000);
    alive();
  }
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(45_000);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(asked[0]!.signal.aborted).toBe(true);
  expect((await following).status).toBe("completed");
  expect(asked.map(({ last }) => last)).toEqual([null, "0"]);
});

it.each(["in mid-stream", "in a pause", "while the server is away"])("ends when nobody wants it any more: %s", async (when) => {
  const left = new AbortController();
  connections = [stream([text(0, "a")], when === "in mid-stream" ? "is silent" : "ends")];
  const { following } = await begin({ signal: left.signal });
  if (when === "while the server is away") {
    reachable = false;
    await vi.advanceTimersByTimeAsync(600);
  }
  const so_far = asked.length;
  left.abort();
  await expect(following).rejects.toMatchObject({ name: "AbortError" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(so_far);
  expect(asked[0]!.signal.aborted).toBe(true);
});

it("leaves no connection and no clock behind when the answer has ended", async () => {
  connections = [stream([ended(0)], "is silent")];
  await (await begin()).following;
  expect(asked[0]!.signal.aborted).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
