// One token for everything that a page asks, renewed in time and once, by a clock that the test moves.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Locks } from "../testing/browser";
import type { User } from "./types";

const MINUTE = 60_000;
const ADA = { id: "user_1", name: "Ada" } as User;
const said = (status: number, code: string) => new Response(JSON.stringify({ error: { message: code, code } }), { status });

/** How the cookie is exchanged; each renewal gives the next token for 15 minutes. */
let refresh: () => Response | Promise<Response>;
/** The tokens that the server takes no more. */
let dead: Set<string>;
let renewals: number;
/** The token of each request, and the path. */
let sent: string[];
/** What this tab tells the others. */
let posted: unknown[];
/** Gives this tab what another one says. */
let hear: (data: unknown) => void;

const fresh = () => new Response(JSON.stringify({ access_token: `token ${renewals}`, expires_in: 900, user: ADA }));

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  [dead, renewals, sent, posted, refresh] = [new Set(), 0, [], [], fresh];
  vi.stubGlobal("navigator", { onLine: true, locks: new Locks() });
  vi.stubGlobal(
    "BroadcastChannel",
    class {
      postMessage(data: unknown) {
        posted.push(data);
      }
      addEventListener(_: string, heard: (message: { data: unknown }) => void) {
        hear = (data) => heard({ data });
      }
    },
  );
  vi.stubGlobal("fetch", async (path: string, { headers }: RequestInit) => {
    if (path === "/health/ready") return new Response("{}");
    if (path === "/api/auth/refresh") {
      renewals += 1;
      return refresh();
    }
    const token = new Headers(headers).get("authorization")!.replace("Bearer ", "");
    sent.push(`${token}: ${path}`);
    return dead.has(token) ? said(401, "invalid_token") : new Response(JSON.stringify({ path }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Many requests at the same time. */
async function many(count = 20): Promise<unknown[]> {
  const { json } = await import("./http");
  return Promise.all(Array.from({ length: count }, (_, at) => json(`/${at}`)));
}

describe("renews once for many requests at the same time", () => {
  it("when there is no token yet", async () => {
    expect(await many()).toHaveLength(20);
    expect(renewals).toBe(1);
    expect(new Set(sent.map((one) => one.split(":")[0]))).toEqual(new Set(["token 1"]));
  });

  it("when the token is about to expire, a minute before", async () => {
    await many(1);
    vi.setSystemTime(Date.now() + 14 * MINUTE - 1);
    await many();
    expect(renewals).toBe(1);
    vi.setSystemTime(Date.now() + 1);
    await many();
    expect(renewals).toBe(2);
    expect(sent.at(-1)).toMatch("token 2");
  });

  it("when the server refuses the token of all of them", async () => {
    await many(1);
    dead.add("token 1");
    sent = [];
    expect(await many()).toHaveLength(20);
    expect(renewals).toBe(2);
    // Each was sent twice: nothing is lost, and nothing is sent a third time.
    expect(sent.filter((one) => one.startsWith("token 1"))).toHaveLength(20);
    expect(sent.filter((one) => one.startsWith("token 2"))).toHaveLength(20);
  });

  it("when one of them is refused late, by which time there is another token", async () => {
    const { json } = await import("./http");
    const { tokenRefused } = await import("./tokens");
    await json("/first");
    dead.add("token 1");
    await json("/second");
    expect(renewals).toBe(2);
    tokenRefused("token 1");
    await json("/third");
    expect(renewals).toBe(2);
  });
});

it("tells the other tabs its new token, and takes theirs instead of renewing", async () => {
  await many(1);
  expect(posted).toEqual([{ access: { token: "token 1", until: Date.now() + 15 * MINUTE, user: ADA } }]);
  vi.setSystemTime(Date.now() + 20 * MINUTE);
  hear({ access: { token: "of another tab", until: Date.now() + 15 * MINUTE, user: ADA } });
  await many();
  expect(renewals).toBe(1);
  expect(sent.at(-1)).toMatch("of another tab");
});

it("takes the token that another tab got while this one waited for its turn", async () => {
  const { oneTab } = await import("./locks");
  let release = () => {};
  void oneTab("chatapp.session", () => new Promise<void>((resolve) => (release = resolve)));
  const waiting = many();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(renewals).toBe(0);
  hear({ access: { token: "of another tab", until: Date.now() + 15 * MINUTE, user: ADA } });
  release();
  await waiting;
  expect(renewals).toBe(0);
  expect(new Set(sent.map((one) => one.split(":")[0]))).toEqual(new Set(["of another tab"]));
});

describe("a renewal that does not work", () => {
  it("fails everything that waits for it, and is tried again by the next that asks", async () => {
    refresh = () => said(401, "invalid_token");
    const { json } = await import("./http");
    const asked = await Promise.allSettled([json("/a"), json("/b"), json("/c")]);
    expect(asked.map((one) => one.status)).toEqual(["rejected", "rejected", "rejected"]);
    expect([renewals, sent]).toEqual([1, []]);
    refresh = fresh;
    await json("/d");
    expect(renewals).toBe(2);
  });

  it.each([
    ["a fault of the server", () => said(500, "internal_error")],
    ["half an answer", () => new Response('{"access_tok')],
    ["no network", () => Promise.reject(new TypeError("away"))],
  ])("is tried again, and says nothing about the session: %s", async (_, fails) => {
    const { listen } = await import("./tokens");
    const { json, persist } = await import("./http");
    const signedOut = vi.fn(() => false);
    listen({ signedIn: () => true, signedOut });
    refresh = fails;
    const wanted = persist(() => json<{ path: string }>("/a"));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(renewals).toBeGreaterThan(1);
    expect(sent).toEqual([]);
    refresh = fresh;
    await vi.advanceTimersByTimeAsync(20_000);
    expect((await wanted).path).toBe("/a");
    expect(signedOut).not.toHaveBeenCalled();
  });

  it("has everything wait until the same person is signed in again, when the session has ended", async () => {
    const { listen } = await import("./tokens");
    await many(1);
    listen({ signedIn: ({ id }) => id === ADA.id, signedOut: () => true });
    dead.add("token 1");
    refresh = () => said(401, "invalid_token");
    sent = [];
    const waiting = many();
    const left = new AbortController();
    const { json } = await import("./http");
    const unwanted = json("/unwanted", { signal: left.signal });
    unwanted.catch(() => {});
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    // Nothing is asked of the server meanwhile.
    expect([renewals, sent.length]).toEqual([2, 21]);
    left.abort();
    await expect(unwanted).rejects.toMatchObject({ name: "AbortError" });
    // Another person's token, of another tab, is none for what waits here.
    hear({ access: { token: "of another person", until: Date.now() + 15 * MINUTE, user: { id: "user_2" } } });
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(sent).toHaveLength(21);
    hear({ access: { token: "again", until: Date.now() + 15 * MINUTE, user: ADA } });
    expect(await waiting).toHaveLength(20);
    expect(sent.slice(21).every((one) => one.startsWith("again: /"))).toBe(true);
  });
});
