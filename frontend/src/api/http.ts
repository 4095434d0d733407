/** Requests with a token, and patience with the network. */
import { attempt, content, type Options as AttemptOptions } from "./attempt";
import { connection } from "./connection.svelte";
import { Lost, Refused } from "./errors";
import { token, tokenRefused } from "./tokens";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;
/** However long the server asks to wait, after a day it is asked again; timers count to 24 days only. */
const LONGEST_WAIT = 86_400_000;

export interface Options extends AttemptOptions {
  /** Called right before it is sent, however long there was no token; nothing is sent when it throws. */
  before?: () => void;
}

/** One attempt with a token; an expired one is renewed once. */
export async function request(path: string, options: Options = {}): Promise<Response> {
  for (let first = true; ; first = false) {
    const bearer = await token(options.signal);
    options.before?.();
    try {
      const authorization = `Bearer ${bearer}`;
      return await attempt(path, { ...options, headers: { ...options.headers, authorization } });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401 || !first) throw error;
      tokenRefused(bearer);
    }
  }
}

/** One attempt, and the answer's JSON. */
export async function json<T>(path: string, options: Options = {}): Promise<T> {
  const reply = await request(path, options);
  return reply.status === 204 ? (undefined as T) : content<T>(reply, options.signal);
}

/**
 * Tries until it works or is refused for good. While the server cannot be reached it waits for the
 * connection's own probe. `progress` says that a long attempt has begun to work, `asked` is called
 * when the server is there and asks to wait.
 */
export async function persist<T>(
  work: (progress: (next?: number) => void) => Promise<T>,
  { signal, asked }: { signal?: AbortSignal | undefined; asked?: (pause: number) => void } = {},
): Promise<T> {
  let wait = FIRST_PAUSE;
  const progress = (next = FIRST_PAUSE) => void (wait = Math.max(next, FIRST_PAUSE));
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await work(progress);
    } catch (error) {
      signal?.throwIfAborted();
      const least = error instanceof Refused ? error.retryAfter : 0;
      const pause = Math.min(Math.max(wait * (1 + Math.random() / 2), least), LONGEST_WAIT);
      if (error instanceof Refused) {
        if (!error.temporary) throw error;
        asked?.(pause);
      } else if (!(error instanceof Lost)) {
        throw error;
      }
      await connection.back(pause, signal);
      wait = Math.min(wait * 2, LONGEST_PAUSE);
    }
  }
}
