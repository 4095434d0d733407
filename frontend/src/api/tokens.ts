/**
 * The access token: in memory only, shared by the tabs of one browser, renewed with the refresh
 * token that the browser keeps in a cookie no script can read.
 */
import { Refused } from "./errors";
import { attempt } from "./http";
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
  /** Somebody is signed in, here or in another tab. */
  signedIn(user: User): void;
  /** Nobody is any more; `ended` says that the server ended the session, not the person. */
  signedOut(ended: boolean): void;
}

let access: Access | undefined;
let listener: Listener | undefined;
let renewing: Promise<Access> | undefined;
const channel =
  typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("chatapp.session");

channel?.addEventListener("message", ({ data }) => {
  if (data?.access) {
    access = data.access as Access;
    listener?.signedIn(access.user);
  } else if (data?.signedOut) {
    access = undefined;
    listener?.signedOut(false);
  } else if (data?.asks && access) {
    channel.postMessage({ access });
  }
});

export function listen(to: Listener): void {
  listener = to;
}

/** Signs up or logs in. */
export async function enter(path: "signup" | "login", body: object): Promise<User> {
  const reply = await attempt(`/api/auth/${path}`, { method: "POST", body, headers: COOKIE });
  return adopt((await reply.json()) as Tokens).user;
}

/** Who is signed in, from the cookie; throws `Refused` with 401 when nobody is. */
export async function resume(): Promise<User> {
  return (await renew()).user;
}

/** Ends this session on the server and in every tab. */
export async function leave(): Promise<void> {
  try {
    const authorization = `Bearer ${await token()}`;
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

/** A token that is good for a while. */
export async function token(): Promise<string> {
  if (access && access.until - EARLY > Date.now()) return access.token;
  return (await renew()).token;
}

/** The server has refused this token; the next request gets another one. */
export function tokenRefused(refused: string): void {
  if (access?.token === refused) access = undefined;
}

function adopt(tokens: Tokens): Access {
  access = {
    token: tokens.access_token,
    until: Date.now() + tokens.expires_in * 1000,
    user: tokens.user,
  };
  channel?.postMessage({ access });
  return access;
}

/** Renews once for all requests of this tab, and one tab after the other. */
function renew(): Promise<Access> {
  renewing ??= oneTab(async () => {
    // Another tab may have renewed while this one waited.
    if (access && access.until - EARLY > Date.now()) return access;
    try {
      const options = { method: "POST" as const, body: {}, headers: COOKIE };
      const reply = await attempt("/api/auth/refresh", options);
      return adopt((await reply.json()) as Tokens);
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        access = undefined;
        listener?.signedOut(true);
      }
      throw error;
    }
  }).finally(() => (renewing = undefined));
  return renewing;
}

function oneTab<T>(work: () => Promise<T>): Promise<T> {
  // Locks exist on https and localhost only. Without them two tabs may renew at once, which the
  // server forgives for some seconds.
  if (typeof navigator === "undefined" || !navigator.locks) return work();
  return navigator.locks.request("chatapp.session", work) as Promise<T>;
}
