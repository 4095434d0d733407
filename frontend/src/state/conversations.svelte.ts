/** The list of conversations: in pages, newest activity first, kept current while it is looked at. */
import { Refused } from "../api/errors";
import { json } from "../api/http";
import type { Conversation, ConversationPatch, List } from "../api/types";
import { announceChange, onChange } from "./changes";
import { connection } from "../api/connection.svelte";

const PAGE = 40;
/** How often the list is asked for while it is looked at, in milliseconds. */
const EVERY = 10_000;
/** The same while answers are written that nobody follows here. */
const BUSY = 3_000;

/** What a screen that shows a conversation is told. */
export interface Listener {
  /** A version of a conversation has come from the server. */
  heard(conversation: Conversation): void;
  /** It is no longer in the list. */
  gone(id: string): void;
}

class Conversations {
  items = $state.raw<Conversation[]>([]);
  state = $state<"loading" | "ready" | "failed">("loading");
  /** Where the next page begins; nothing when all are loaded. */
  cursor = $state<string | undefined>();
  loadingMore = $state(false);

  #timer: ReturnType<typeof setTimeout> | undefined;
  #started = false;
  #refreshing: Promise<void> | undefined;
  #listeners = new Set<Listener>();

  /** Loads the list and keeps it current from now on. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    onChange(({ conversation, deleted }) => {
      if (deleted) this.#drop(deleted);
      if (conversation) void this.reload(conversation);
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#look();
    });
    addEventListener("focus", () => this.#look());
    this.#look();
  }

  /** The person looks at the list: also at what is pinned, however old it is. */
  #look(): void {
    void this.refresh();
    json<List<Conversation>>("/api/conversations?pinned=true&limit=100").then(
      (page) => this.#merge(page.data),
      () => {},
    );
  }

  find(id: string): Conversation | undefined {
    return this.items.find((one) => one.id === id);
  }

  watch(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks for the newest page again, once for all who want that. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const page = await json<List<Conversation>>(`/api/conversations?limit=${PAGE}`);
      const known = new Set(page.data.map((one) => one.id));
      const oldest = page.data.at(-1);
      const others = this.items.filter((one) => !known.has(one.id));
      const kept = others.filter((one) => page.has_more && oldest !== undefined && before(oldest, one) < 0);
      // What should be in the page and is not was taken away elsewhere.
      const gone = others.filter((one) => !kept.includes(one));
      if (this.state !== "ready" || !page.has_more) this.cursor = page.next_cursor ?? undefined;
      this.items = [...page.data, ...kept].sort(before);
      this.state = "ready";
      for (const one of page.data) this.#tell(one);
      for (const { id } of gone) this.#tellGone(id);
    } catch {
      if (this.state === "loading") this.state = "failed";
    }
    this.#again(this.items.some((one) => one.active_response_id) ? BUSY : EVERY);
  }

  /** Asks again soon: something is about to change, such as a title. */
  soon(pause = 1_500): void {
    this.#again(pause);
  }

  /** The next page, when the end of the list is reached. */
  async next(): Promise<void> {
    if (!this.cursor || this.loadingMore) return;
    this.loadingMore = true;
    try {
      const path = `/api/conversations?limit=${PAGE}&after=${this.cursor}`;
      const page = await json<List<Conversation>>(path);
      this.cursor = page.next_cursor ?? undefined;
      this.#merge(page.data);
    } catch {
      // The list asks again when its end is seen again.
    } finally {
      this.loadingMore = false;
    }
  }

  /** Asks for one conversation, which was changed; `ours` if it was this tab. */
  async reload(id: string, ours = false): Promise<Conversation | undefined> {
    try {
      const conversation = await json<Conversation>(`/api/conversations/${id}`);
      this.put(conversation, ours);
      return conversation;
    } catch (error) {
      if (error instanceof Refused && error.status === 404) this.#drop(id);
      return undefined;
    }
  }

  /** Takes in a version from the server; `ours` tells the other tabs that something changed. */
  put(conversation: Conversation, ours = true): void {
    this.#merge([conversation]);
    this.#tell(conversation);
    if (ours) announceChange({ conversation: conversation.id });
  }

  async change(id: string, patch: ConversationPatch): Promise<void> {
    const path = `/api/conversations/${id}`;
    this.put(await json<Conversation>(path, { method: "PATCH", body: patch }));
  }

  /** Puts a conversation into the trash, or takes it away for good. */
  async delete(id: string, permanent = false): Promise<void> {
    try {
      await json(`/api/conversations/${id}${permanent ? "?permanent=true" : ""}`, { method: "DELETE" });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 404) throw error;
    }
    this.#drop(id);
    announceChange({ deleted: id });
  }

  /** Takes it out of the trash again. */
  async restore(id: string): Promise<void> {
    this.put(await json<Conversation>(`/api/conversations/${id}/restore`, { method: "POST" }));
  }

  #merge(some: Conversation[]): void {
    const ids = new Set(some.map((one) => one.id));
    const listed = some.filter((one) => !one.archived && !one.deleted_at);
    this.items = [...listed, ...this.items.filter((one) => !ids.has(one.id))].sort(before);
  }

  #drop(id: string): void {
    this.items = this.items.filter((one) => one.id !== id);
    this.#tellGone(id);
  }

  #tell(conversation: Conversation): void {
    for (const listener of this.#listeners) listener.heard(conversation);
  }

  #tellGone(id: string): void {
    for (const listener of this.#listeners) listener.gone(id);
  }

  #again(pause: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!document.hidden && connection.state === "fine") void this.refresh();
      else this.#again(EVERY);
    }, pause);
  }
}

/** The order of the list. Times are RFC 3339 in UTC, so text compares like time. */
function before(a: Conversation, b: Conversation): number {
  if (a.updated_at !== b.updated_at) return a.updated_at < b.updated_at ? 1 : -1;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}

export const conversations = new Conversations();
