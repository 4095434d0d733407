/** Follows an answer through every kind of trouble, from any of its events to its end. */
import { Lost } from "./errors";
import { persist, request } from "./http";
import { safeLink } from "./links";
import type { Annotation, Call, Response, Waiting } from "./types";
import { SseReader, type Frame } from "./sse";

/** Three heartbeats: a stream that is silent for longer is dead, in milliseconds. */
const SILENCE = 45_000;
const LOOK = 5_000;
const ENDS = ["response.completed", "response.incomplete", "response.failed"];

/** A call of a tool, as events show it. */
export type Item = Omit<Call, "offset">;

/** A page that an answer refers to. */
export type Source = Pick<Annotation, "url" | "title">;

/** What a follower is told. */
export interface Sink {
  /** The answer starts again: drop what was shown of it. */
  restart(): void;
  text(delta: string): void;
  reasoning(delta: string): void;
  /** A tool is being called. */
  call(item: Item): void;
  /** More arguments of the call with this id. */
  args(id: string, delta: string): void;
  /** The call is over. */
  called(item: Item): void;
  /** Nothing comes for a while, and why; over with the next event, which says so with nothing. */
  waiting(waiting: Waiting | undefined): void;
  /** A source of the text so far. */
  source(source: Source): void;
}

/** Returns the ended response. `after` is the number of the last event that is known already. */
export function follow(
  id: string,
  sink: Sink,
  { after, signal }: { after?: number | undefined; signal?: AbortSignal } = {},
): Promise<Response> {
  let last = after;
  return persist(async (progress) => {
    const connection = new AbortController();
    let heard = Date.now();
    // A clock that is looked at, instead of a timer: it also notices that the machine slept.
    const watch = setInterval(() => {
      if (Date.now() - heard > SILENCE) connection.abort(new Lost("no sign of life"));
    }, LOOK);
    try {
      const both = AbortSignal.any([connection.signal, ...(signal ? [signal] : [])]);
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (last !== undefined) headers["last-event-id"] = String(last);
      const path = `/api/responses/${id}/events`;
      const reply = await request(path, { headers, signal: both, stream: true });
      const frames = new SseReader();
      const reader = reply.body!.getReader();
      for (;;) {
        const { done, value } = await reader.read().catch((error) => {
          throw new Lost(String(error));
        });
        if (done) throw new Lost("the stream was cut");
        heard = Date.now();
        for (const frame of frames.push(value)) {
          if (frame.retry !== undefined) progress(frame.retry);
          if (!frame.data || !/^\d+$/.test(frame.id ?? "")) continue;
          const ended = take(frame, sink);
          last = Number(frame.id);
          progress();
          if (ended) return ended;
        }
      }
    } catch (error) {
      // Our own watch ends a connection with a reason of ours.
      if (connection.signal.aborted && !signal?.aborted) throw new Lost("no sign of life");
      throw error;
    } finally {
      clearInterval(watch);
      connection.abort();
    }
  }, { signal });
}

/** The pages that annotations name and that can be opened: each once, in the order of the text. */
export function sourcesOf(annotations: readonly unknown[] | null | undefined): Source[] {
  const found = new Map<string, Source>();
  for (const one of annotations ?? []) {
    const { type, url, title } = (one ?? {}) as { [key in keyof Annotation]?: unknown };
    const href = type === "url_citation" && typeof url === "string" ? safeLink(url) : undefined;
    if (!href?.startsWith("http") || found.has(href)) continue;
    found.set(href, { url: href, title: typeof title === "string" ? title.trim() : "" });
  }
  return [...found.values()];
}

function take(frame: Frame, sink: Sink): Response | undefined {
  const event = JSON.parse(frame.data);
  sink.waiting(event.type === "response.in_progress" ? (event.response?.waiting ?? undefined) : undefined);
  switch (event.type) {
    case "response.created":
      sink.restart();
      return undefined;
    case "response.output_text.delta":
      sink.text(event.delta);
      return undefined;
    case "response.output_text.annotation.added":
      for (const source of sourcesOf([event.annotation])) sink.source(source);
      return undefined;
    case "response.reasoning_summary_text.delta":
      sink.reasoning(event.delta);
      return undefined;
    case "response.output_item.added":
      if (event.item.type === "function_call") sink.call(event.item);
      return undefined;
    case "response.function_call_arguments.delta":
      sink.args(event.item_id, event.delta);
      return undefined;
    case "response.output_item.done":
      if (event.item.type === "function_call") sink.called(event.item);
      return undefined;
    default:
      return ENDS.includes(event.type) ? event.response : undefined;
  }
}
