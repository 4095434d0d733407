import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const ADA = { id: "user_1", email: "ada@example.org", name: "Ada" };
const BOB = { id: "user_2", email: "bob@example.org", name: "Bob" };

/** What was asked of the server, oldest first. */
let asked: string[] = [];
/** Whose token each request carried that needs one, with its method and path. */
let sent: string[] = [];
/** Whose session the browser's cookie is. */
let cookie = ADA;
/** Gives the page what another tab says. */
let broadcast: (data: unknown) => void = () => {};
/** Whether the server knows the session. */
let known = true;
let assigned: string[] = [];

function reply(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

function server(path: string, { method, headers }: RequestInit): Response {
  asked.push(path);
  const bearer = new Headers(headers).get("authorization");
  if (bearer) sent.push(`${bearer.split(" ")[1]}: ${method} ${path}`);
  if (path === "/api/auth/login") known = true;
  if (!known) return reply(401, { error: { message: "ended", code: "invalid_token" } });
  if (path.startsWith("/api/auth/")) return reply(200, { access_token: `${cookie.name} ${asked.length}`, expires_in: 900, user: cookie });
  return reply(200, { data: path });
}

/** Lets everything happen that waits for nothing but this machine. */
const settled = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers();
  asked = [];
  sent = [];
  cookie = ADA;
  assigned = [];
  known = true;
  const stored = new Map([["chatapp.user", ADA.id]]);
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  });
  vi.stubGlobal(
    "BroadcastChannel",
    class {
      postMessage() {}
      addEventListener(_: string, heard: (message: { data: unknown }) => void) {
        broadcast = (data) => heard({ data });
      }
    },
  );
  vi.stubGlobal("navigator", { locks: { request: (_: string, work: () => Promise<unknown>) => work() } });
  vi.stubGlobal("location", { assign: (to: string) => assigned.push(to) });
  vi.stubGlobal("fetch", async (path: string, options: RequestInit) => server(path, options));
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

/** How somebody else comes to be signed in while the page of one person is open. */
const OTHERS: Record<string, (session: { login(body: object): Promise<void> }) => Promise<unknown>> = {
  "logs in over the page": (session) => session.login({ email: BOB.email, password: "right" }),
  "logs in in another tab": async () => broadcast({ access: { token: "Bob 0", until: Date.now() + 900_000, user: BOB } }),
  "logs in in another tab after a logout": async () => {
    broadcast({ signedOut: true });
    broadcast({ access: { token: "Bob 0", until: Date.now() + 900_000, user: BOB } });
  },
};

describe.each(Object.entries(OTHERS))("when another person %s", (_, comes) => {
  it.each([true, false])("nothing is sent in their name (the session had ended: %s)", async (over) => {
    const { session, http } = await signedIn();
    known = !over;
    const post = () => void http.json("/api/messages", { method: "POST", body: {} }).catch(() => {});
    if (over) post();
    await settled();
    expect(session.state).toBe(over ? "ended" : "in");
    sent = [];
    known = true;
    cookie = BOB;
    await comes(session as never);
    post();
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(sent).toEqual([]);
    expect(assigned).toHaveLength(1);
    expect(session.user).not.toEqual(BOB);
  });
});

it("a token is not renewed for another person, whose cookie it is by now", async () => {
  const { session, http } = await signedIn();
  cookie = BOB;
  await vi.advanceTimersByTimeAsync(900_000);
  void http.json("/api/messages", { method: "POST", body: {} });
  await settled();
  expect(sent).toEqual([]);
  expect(assigned).toEqual(["/"]);
  // Nor is their session ended by whoever leaves the page.
  await session.logout();
  expect(asked).not.toContain("/api/auth/logout");
});

it("what waits goes on when the same person logs in in another tab", async () => {
  const { session, http } = await signedIn();
  known = false;
  const waiting = http.json("/api/conversations");
  await settled();
  known = true;
  sent = [];
  broadcast({ access: { token: "Ada 0", until: Date.now() + 900_000, user: ADA } });
  expect(await waiting).toEqual({ data: "/api/conversations" });
  expect(sent).toEqual(["Ada: GET /api/conversations"]);
  expect(session.state).toBe("in");
});

it("whoever logs out after the session has ended leaves", async () => {
  const { session } = await signedIn();
  known = false;
  (await import("../api/tokens")).tokenRefused("Ada 1");
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
