/** One request, as it is: in one error shape, and aware of whether the server can be reached. */
import { build } from "./build.svelte";
import { heardDate } from "./clock";
import { connection } from "./connection.svelte";
import { isAway, isPage, Lost, refusal } from "./errors";

/** How long a request may take whose answer is not a stream, in milliseconds. */
const PATIENCE = 30_000;
/** On the slowest network a body takes longer: so many bytes in a millisecond. */
const SLOWEST = 8;

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

/** The JSON of an answer. One that is cut off is lost. */
export async function content<T>(reply: Response, signal?: AbortSignal): Promise<T> {
  try {
    return (await reply.json()) as T;
  } catch (error) {
    signal?.throwIfAborted();
    throw new Lost(String(error));
  }
}
