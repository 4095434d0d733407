/**
 * The access token: in memory only, shared by the tabs of one browser, renewed with the refresh
 * token that the browser keeps in a cookie no script can read.
 */
import { Lost, Refused } from "./errors";
import { attempt, content } from "./attempt";
import { oneTab } from "./locks";
import type { Tokens, User } from "./types";

/** Renewed so long before it expires, in milliseconds. */
const EARLY = 60_000;
/** What every request that touches the cookie carries; pages of other sites cannot send it. */
const COOKIE = { "x-chatapp-session": "cookie" };

interface Access {
  token: string;
  until: number;
  user: User;
}

/** What the rest of the client wants to know. */
export interface Listener {
  /**
   * Somebody is signed in, here or in another tab. Returns whether it is the person of this page, who
   * goes on; a page whose person is another one is being left.
   */
  signedIn(user: User): boolean;
  /**
   * Nobody is any more; `ended` says that the server ended the session, not the person. Returns
   * whether the person is still here, and asked to sign in again.
   */
  signedOut(ended: boolean): boolean;
}

let access: Access | undefined;
let listener: Listener | undefined;
let renewing: Promise<Access> | undefined;
/** While the person of this page has no session: fulfilled when the same person is signed in again. */
let ended: { signedIn: Promise<void>; over: () => void } | undefined;
const channel =
  typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("chatapp.session");

channel?.addEventListener("message", ({ data }) => {
  if (data?.access) {
    signedIn(data.access as Access);
  } else if (data?.signedOut) {
    access = undefined;
    listener?.signedOut(false);
  }
});

export function listen(to: Listener): void {
  listener = to;
}

/** Signs up or logs in. */
export async function enter(path: "signup" | "login", body: object): Promise<User> {
  const reply = await attempt(`/api/auth/${path}`, { method: "POST", body, headers: COOKIE });
  return adopt(await content<Tokens>(reply)).user;
}

/** Who is signed in, from the cookie; throws `Refused` with 401 when nobody is. */
export async function resume(): Promise<User> {
  return (await renew()).user;
}

/** Ends this session on the server and in every tab. */
export async function leave(): Promise<void> {
  try {
    // Not `token()`: a person who leaves does not wait for a new session.
    const { token } = await renew();
    // Another person is signed in here by now, whose session goes on.
    if (ended) return;
    const authorization = `Bearer ${token}`;
    await attempt("/api/auth/logout", { method: "POST", headers: { ...COOKIE, authorization } });
  } catch (error) {
    // A session that has ended already needs no end.
    if (!(error instanceof Refused) || error.status !== 401) throw error;
  }
  forget();
}

/** Drops the token without asking the server, and tells the other tabs. */
export function forget(): void {
  access = undefined;
  channel?.postMessage({ signedOut: true });
}

/**
 * A token of the person of this page that is good for a while. Once the session has ended, whoever
 * asks waits until the same person is signed in again: nothing is asked of the server meanwhile, and
 * then everything goes on.
 */
export async function token(signal?: AbortSignal): Promise<string> {
  for (;;) {
    if (ended) await unless(signal, ended.signedIn);
    if (access && access.until - EARLY > Date.now()) return access.token;
    try {
      await renew();
    } catch (error) {
      if (!ended) throw error;
    }
    // The cookie may have been another person's: then there is no token for this page.
    if (!ended && access) return access.token;
  }
}

/** The server has refused this token; the next request gets another one. */
export function tokenRefused(refused: string): void {
  if (access?.token === refused) access = undefined;
}

function adopt(tokens: Tokens): Access {
  const adopted = {
    token: tokens.access_token,
    until: Date.now() + tokens.expires_in * 1000,
    user: tokens.user,
  };
  signedIn(adopted);
  channel?.postMessage({ access: adopted });
  return adopted;
}

function signedIn(by: Access): void {
  // What waits is one person's: it is never sent in the name of another.
  if (listener?.signedIn(by.user) === false) return end();
  access = by;
  ended?.over();
  ended = undefined;
}

/** The session of a person is over who is still here. */
function end(): void {
  if (ended) return;
  let over: () => void;
  const signedIn = new Promise<void>((resolve) => (over = resolve));
  ended = { signedIn, over: over! };
}

/** Waits, unless the signal aborts. */
function unless(signal: AbortSignal | undefined, work: Promise<void>): Promise<void> {
  if (!signal) return work;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    void work.then(resolve);
  });
}

/**
 * Renews once for all requests of this tab, and one tab after the other. That two renew at once, where
 * there are no locks, the server forgives for some seconds.
 */
function renew(): Promise<Access> {
  renewing ??= oneTab("chatapp.session", async () => {
    // Another tab may have renewed while this one waited.
    if (access && access.until - EARLY > Date.now()) return access;
    try {
      const options = { method: "POST" as const, body: {}, headers: COOKIE };
      const reply = await attempt("/api/auth/refresh", options);
      return adopt(await content<Tokens>(reply));
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        access = undefined;
        if (listener?.signedOut(true)) end();
      }
      // A fault of the server says nothing about the session.
      if (error instanceof Refused && error.status >= 500) throw new Lost(error.message);
      throw error;
    }
  }).finally(() => (renewing = undefined));
  return renewing;
}
