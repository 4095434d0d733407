/** Requests: with a token, in one error shape, and aware of whether the server can be reached. */
import { build } from "../state/build.svelte";
import { connection } from "../state/connection.svelte";
import { heardDate } from "./clock";
import { isAway, isPage, Lost, refusal, Refused } from "./errors";
import { token, tokenRefused } from "./tokens";

/** How long a request may take whose answer is not a stream, in milliseconds. */
const PATIENCE = 30_000;
/** On the slowest network a body takes longer: so many bytes in a millisecond. */
const SLOWEST = 8;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;
/** However long the server asks to wait, after a day it is asked again; timers count to 24 days only. */
const LONGEST_WAIT = 86_400_000;

export interface Options {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is; its type is among the headers. */
  file?: Blob;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Whether the answer may take as long as it wants. */
  stream?: boolean;
  /** Whether the browser goes on with it when the page is closed; for small bodies only. */
  keepalive?: boolean;
  /** Called right before it is sent, however long there was no token; nothing is sent when it throws. */
  before?: () => void;
}

/** One attempt, without a token. Throws `Lost` or `Refused`. */
export async function attempt(path: string, options: Options = {}): Promise<Response> {
  const { method = "GET", body, file, signal, stream, keepalive } = options;
  const headers: Record<string, string> = { ...options.headers };
  if (body !== undefined) headers["content-type"] = "application/json";
  const sent = file ?? (body === undefined ? null : JSON.stringify(body));
  const size = typeof sent === "string" ? sent.length : 0;
  const signals = [signal, stream ? undefined : AbortSignal.timeout(PATIENCE + Math.round(size / SLOWEST))];
  let reply: Response;
  try {
    reply = await fetch(path, {
      method,
      headers,
      body: sent,
      signal: AbortSignal.any(signals.filter((one) => one !== undefined)),
      cache: "no-store",
      // Who deletes something and closes the page at once has deleted it.
      keepalive: keepalive ?? method === "DELETE",
    });
  } catch (error) {
    signal?.throwIfAborted();
    connection.failed();
    throw new Lost(String(error));
  }
  heardDate(reply.headers.get("date"));
  build.seen(reply.headers.get("x-chatapp-build"));
  if (reply.ok && !isPage(reply)) {
    connection.worked();
    return reply;
  }
  const refused = await refusal(reply);
  if (reply.ok || isAway(refused)) {
    connection.failed();
    throw new Lost(refused.message);
  }
  connection.worked();
  throw refused;
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

/** The JSON of an answer. One that is cut off is lost. */
export async function content<T>(reply: Response, signal?: AbortSignal): Promise<T> {
  try {
    return (await reply.json()) as T;
  } catch (error) {
    signal?.throwIfAborted();
    throw new Lost(String(error));
  }
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
  const progress = (next = FIRST_PAUSE) => void (wait = next);
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await work(progress);
    } catch (error) {
      signal?.throwIfAborted();
      let pause = wait * (1 + Math.random() / 2);
      if (error instanceof Refused) {
        if (!error.temporary) throw error;
        pause = Math.min(Math.max(pause, error.retryAfter), LONGEST_WAIT);
        asked?.(pause);
      } else if (!(error instanceof Lost)) {
        throw error;
      }
      await connection.back(pause, signal);
      wait = Math.min(wait * 2, LONGEST_PAUSE);
    }
  }
}
