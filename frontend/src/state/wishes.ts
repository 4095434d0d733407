/**
 * Wishes for another answer, or for the rest of one, that the server is not known to have: kept over a
 * reload, in their tab alone. A person who closes the tab has sent them, or does not want them any more.
 */
import { tolerant } from "../api/storage";

const PREFIX = "chatapp.wish.";
/** So long the server knows the key of a wish (a day), with an hour to spare, in milliseconds. */
const REMEMBERED = 23 * 3_600_000;

/** A request, with the key that makes it repeatable. */
export interface Wished {
  path: string;
  body: Record<string, unknown>;
  key: string;
  /** The answer that another one is to take the place of. */
  instead: string | undefined;
  /** When it was first asked for, in milliseconds since 1970. */
  at: number;
}

/** The wish in a conversation, of this person. */
export function keptWish(user: string, conversation: string): Wished | undefined {
  return tolerant(() => {
    const wish = JSON.parse(sessionStorage.getItem(PREFIX + user + conversation) ?? "") as Wished;
    return Math.abs(Date.now() - wish.at) < REMEMBERED && typeof wish.key === "string" ? wish : undefined;
  });
}

/** Keeps it. */
export function keepWish(user: string, conversation: string, { path, body, key, instead, at }: Wished): void {
  // Without storage it lasts as long as the page.
  tolerant(() => sessionStorage.setItem(PREFIX + user + conversation, JSON.stringify({ path, body, key, instead, at })));
}

/** It has come true, or it never will. */
export function dropWish(user: string, conversation: string): void {
  tolerant(() => sessionStorage.removeItem(PREFIX + user + conversation));
}

/** Removes all wishes of a person, who leaves. */
export function dropWishes(user: string): void {
  tolerant(() => {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(PREFIX + user)) sessionStorage.removeItem(name);
    }
  });
}
