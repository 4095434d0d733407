import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Locks } from "../testing/browser";

/** What a request comes to; the server answers as it should when there is nothing left. */
let replies: Response[];
let asked: { path: string; at: number }[];
/** What the probe of the server comes to. */
let probe: () => Response;

const HTML = { "content-type": "text/html; charset=utf-8" };
const page = (status: number) => new Response("<h1>Hotel Wi-Fi</h1>", { status, headers: HTML });
const text = (status: number, headers = {}) => new Response("something in between", { status, headers: { "content-type": "text/plain", ...headers } });
const said = (status: number, code: string) => new Response(JSON.stringify({ error: { message: code, code } }), { status });

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  vi.spyOn(Math, "random").mockReturnValue(0);
  replies = [];
  asked = [];
  probe = () => new Response("{}");
  vi.stubGlobal("navigator", { onLine: true, locks: new Locks() });
  vi.stubGlobal("fetch", async (path: string) => {
    if (path === "/health/ready") return probe();
    asked.push({ path, at: Date.now() });
    return replies.shift() ?? new Response(JSON.stringify({ access_token: "token", expires_in: 900, user: { id: "user_1" }, fine: true }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("what answers in the server's place", () => {
  it.each([
    ["the page of a network", page(200)],
    ["a proxy without a server", page(502)],
    ["a proxy's own fault", page(500)],
    ["a network that wants a login", page(511)],
    ["a CDN that lost the server", text(520)],
    ["a proxy that knows no such server", text(404)],
    ["a proxy that wants a login", text(401)],
  ])("is no answer: %s", async (_, foreign) => {
    const { json, persist } = await import("./http");
    const { connection } = await import("./connection.svelte");
    await json("/api/me");
    replies = [foreign];
    // Nor is it one when the server is asked whether it is there.
    probe = () => page(200);
    const wanted = persist(() => json<{ fine: boolean }>("/api/me"));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(connection.state).toBe("lost");
    expect(asked.map((one) => one.path)).toEqual(["/api/auth/refresh", "/api/me", "/api/me"]);
    probe = () => new Response("{}");
    await vi.advanceTimersByTimeAsync(15_000);
    expect((await wanted).fine).toBe(true);
    expect(connection.state).toBe("fine");
  });

  it.each([
    [page(403), 403],
    [page(413), 413],
    [said(404, "not_found"), 404],
    [said(500, "internal_error"), 500],
  ])("may refuse what was sent, as the server may", async (refusal, status) => {
    const { json, persist } = await import("./http");
    await json("/api/me");
    replies = [refusal];
    await expect(persist(() => json("/api/me"))).rejects.toMatchObject({ name: "Refused", status });
  });

  it.each([
    ["a page", page(200)],
    ["half an answer", new Response('{"access_tok')],
    ["a fault of the server", said(500, "internal_error")],
    ["a proxy that knows no such server", text(404)],
  ])("says nothing about who is signed in: %s", async (_, foreign) => {
    vi.stubGlobal("localStorage", { getItem: () => "user_1", setItem: () => {}, removeItem: vi.fn() });
    const { session } = await import("../state/session.svelte");
    replies = [foreign];
    const resumed = session.resume();
    await vi.advanceTimersByTimeAsync(200);
    expect(session.state).toBe("asking");
    await vi.advanceTimersByTimeAsync(10_000);
    await resumed;
    expect(session.state).toBe("in");
  });
});

describe("how often it is tried", () => {
  it("is less and less often when only this request never gets through", async () => {
    const { json, persist } = await import("./http");
    await json("/api/me");
    asked = [];
    replies = Array.from({ length: 100 }, () => page(502));
    const wanted = persist(() => json("/api/me"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.length).toBeLessThan(12);
    replies = [];
    await vi.advanceTimersByTimeAsync(15_000);
    await wanted;
  });

  it.each([
    ["Wed, 14 Nov 2023 22:13:40 GMT", 20_000],
    ["20", 20_000],
    ["-5", 500],
    ["soon", 500],
  ])("keeps to what is asked for: Retry-After: %s", async (after, pause) => {
    const { json, persist } = await import("./http");
    await json("/api/me");
    replies = [text(429, { "retry-after": after })];
    const wanted = persist(() => json("/api/me"));
    await vi.advanceTimersByTimeAsync(30_000);
    await wanted;
    const [first, second] = asked.slice(-2);
    expect(second!.at - first!.at).toBe(pause);
  });

  it("is not at once when it is asked to wait for longer than a timer can count", async () => {
    const { json, persist } = await import("./http");
    await json("/api/me");
    asked = [];
    replies = Array.from({ length: 5 }, () => text(429, { "retry-after": String(40 * 86_400) }));
    void persist(() => json("/api/me"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(1);
  });
});
