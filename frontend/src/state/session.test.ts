import { afterEach, beforeEach, expect, it, vi } from "vitest";

const ADA = { id: "user_1", email: "ada@example.org", name: "Ada" };

/** What was asked of the server, oldest first. */
let asked: string[] = [];
/** Whether the server knows the session. */
let known = true;
let assigned: string[] = [];

function reply(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

function server(path: string): Response {
  asked.push(path);
  if (path === "/api/auth/login") known = true;
  if (!known) return reply(401, { error: { message: "ended", code: "invalid_token" } });
  if (path.startsWith("/api/auth/")) return reply(200, { access_token: `token ${asked.length}`, expires_in: 900, user: ADA });
  return reply(200, { data: path });
}

/** Lets everything happen that waits for nothing but this machine. */
const settled = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers();
  asked = [];
  assigned = [];
  known = true;
  const stored = new Map([["chatapp.user", ADA.id]]);
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  });
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("location", { assign: (to: string) => assigned.push(to) });
  vi.stubGlobal("fetch", async (path: string) => server(path));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function signedIn() {
  const { session } = await import("./session.svelte");
  const http = await import("../api/http");
  await session.resume();
  expect(session.state).toBe("in");
  return { session, http };
}

it("w2: an ended session absorbs every further 401, and everything goes on after the login", async () => {
  const { session, http } = await signedIn();
  known = false;
  const first = http.json("/api/conversations");
  await settled();
  expect(session.state).toBe("ended");
  // Polls and streams go on wanting things: they wait, and ask nothing.
  const before = asked.length;
  const more = [http.json("/api/models"), http.json("/api/me"), http.request("/api/responses/resp_1/events", { stream: true })];
  await vi.advanceTimersByTimeAsync(120_000);
  expect(session.state).toBe("ended");
  expect(session.user).toEqual(ADA);
  expect(assigned).toEqual([]);
  expect(asked.slice(before)).toEqual([]);

  await session.login({ email: ADA.email, password: "right" });
  expect(session.state).toBe("in");
  expect(await first).toEqual({ data: "/api/conversations" });
  await Promise.all(more);
  expect(assigned).toEqual([]);
});

it("two requests that are refused at once end the session once", async () => {
  const { session, http } = await signedIn();
  known = false;
  const both = [http.json("/api/conversations"), http.json("/api/models")];
  await settled();
  expect(session.state).toBe("ended");
  expect(assigned).toEqual([]);
  expect(asked.filter((path) => path === "/api/auth/refresh")).toHaveLength(2);
  await session.login({ email: ADA.email, password: "right" });
  await Promise.all(both);
});

it("a request that is given up while it waits for a login ends", async () => {
  const { http } = await signedIn();
  known = false;
  const gone = new AbortController();
  const waiting = http.json("/api/conversations", { signal: gone.signal });
  const ended = expect(waiting).rejects.toThrow("enough");
  await settled();
  gone.abort(new Error("enough"));
  await ended;
});

it("whoever logs out after the session has ended leaves", async () => {
  const { session } = await signedIn();
  known = false;
  (await import("../api/tokens")).tokenRefused("token 1");
  await session.logout();
  expect(session.user).toBeUndefined();
  expect(assigned).toEqual(["/login"]);
});

it("whoever comes with a session that is over is sent to the login", async () => {
  known = false;
  const { session } = await import("./session.svelte");
  await session.resume();
  expect(session.state).toBe("out");
});
