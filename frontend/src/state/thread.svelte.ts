/** One conversation on the screen: its messages, what is being sent, and the answer being written. */
import { SvelteMap } from "svelte/reactivity";
import { Lost, Refused } from "../api/errors";
import { json, persist } from "../api/http";
import { newKey } from "../api/key";
import type { Conversation, List, Message, Response, Turn } from "../api/types";
import { conversations } from "./conversations.svelte";
import { Live } from "./live.svelte";
import { outbox, type Item } from "./outbox.svelte";
import { session } from "./session.svelte";
import { dropWish, keepWish, keptWish, type Wished } from "./wishes";

const PAGE = 50;
/** Older messages come in larger pages: a person who asks for them scrolls on. */
const OLDER = 100;

/** A wish for another answer, or for the rest of one, on its way. */
export interface Wish extends Wished {
  failed: Error | undefined;
  /** When the next attempt is made, because the server asked to wait; 0 if it did not. */
  until: number;
}

/** What screens want to be told about. */
export type Note = "started" | "finished" | "stopped" | "failed";

export class Thread {
  conversation = $state.raw<Conversation | undefined>();
  messages = $state.raw<Message[]>([]);
  state = $state<"loading" | "ready" | "missing" | "failed">("loading");
  older = $state<"none" | "more" | "loading" | "failed">("none");
  live = $state.raw<Live | undefined>();
  wish = $state.raw<Wish | undefined>();
  /** The message that is being said differently. */
  editing = $state<string | undefined>();
  /** How answers were made, as far as a person wanted to know. */
  readonly responses = new SvelteMap<string, Response>();
  /** How long the model thought before which message, in seconds, where that was seen here. */
  readonly thoughts = new SvelteMap<string, number>();
  onNote: (note: Note) => void = () => {};

  #asked = new Set<string>();
  #older: Promise<void> | undefined;
  #unwatch: (() => void) | undefined;
  #unlisten: (() => void) | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(readonly id: string) {}

  // Getters and no deriveds: a thread outlives the screen that made it, and a derived does not.

  /** The messages on their way, in the order in which they are sent. */
  get outgoing(): Item[] {
    return outbox.of(this.id);
  }

  /** Whether nothing else can be asked for now. */
  get busy(): boolean {
    return this.live !== undefined || this.wish !== undefined || this.outgoing.length > 0;
  }

  /** The messages that are shown: all down to the one that something on its way takes the place of. */
  get shown(): Message[] {
    const instead = this.wish?.instead ?? this.outgoing[0]?.instead;
    const at = instead ? this.messages.findIndex((one) => one.id === instead) : -1;
    return at < 0 ? this.messages : this.messages.slice(0, at);
  }

  /** The screen shows this conversation. */
  enter(): void {
    addEventListener("focus", this.#look);
    document.addEventListener("visibilitychange", this.#look);
    this.#unwatch ??= conversations.watch({
      heard: (one) => this.#heard(one),
      gone: (id) => {
        if (id === this.id) void this.refresh();
      },
    });
    this.#unlisten ??= outbox.listen({
      sent: (_, turn) => {
        if (turn.message.conversation_id !== this.id) return;
        if (this.state === "ready") this.take(turn);
        else void this.refresh();
      },
    });
    // Its first answer may have begun before anybody looked.
    if (this.live) this.onNote("started");
    void this.refresh();
    // The page was left before the server was known to have it.
    const wished = this.wish ? undefined : keptWish(this.#user, this.id);
    if (wished) void this.#wish(wished);
  }

  /** It does not any more. */
  leave(): void {
    removeEventListener("focus", this.#look);
    document.removeEventListener("visibilitychange", this.#look);
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.live?.leave();
    this.live = undefined;
    this.onNote = () => {};
  }

  /** Loads the newest page, and follows an answer that is being written. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#load().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /** The same, of what has just happened: what is being loaded may have been asked for before. */
  async #reload(): Promise<void> {
    await this.#refreshing;
    await this.refresh();
  }

  /** Loads the page before the oldest message. */
  loadOlder(): Promise<void> {
    this.#older ??= this.#loadOlder().finally(() => (this.#older = undefined));
    return this.#older;
  }

  async #loadOlder(): Promise<void> {
    const first = this.messages[0];
    if (!first || this.older === "none") return;
    this.older = "loading";
    try {
      const page = await this.#page(OLDER, `&before=${first.id}`);
      if (this.messages[0]?.id !== first.id) return;
      this.messages = [...page.data, ...this.messages];
      this.older = page.has_more ? "more" : "none";
    } catch {
      this.older = "failed";
    }
  }

  /** Sends a message at the end, after what is on its way; returns whether there is room for it. */
  send(content: string): boolean {
    return outbox.put({ conversation: this.id, content });
  }

  /** Says something else where a message was said: it begins a branch of its own beside it. */
  edit(message: Message, content: string): boolean {
    const rest = { parent_id: message.parent_id ?? null };
    return outbox.put({ conversation: this.id, content, rest, instead: message.id });
  }

  /** Shows a turn that has arrived, and follows its answer. */
  take(turn: Turn): void {
    const parent = turn.user_message.parent_id;
    // It hangs on what was said elsewhere: only the server knows all that is above it.
    if (parent && !this.has(parent)) return void this.#reload();
    this.state = "ready";
    this.#append(turn);
    this.#attach(turn.response.id, turn.message, true);
  }

  /** Asks for another answer beside this one, perhaps of another model. */
  regenerate(answer: Message, model?: string): Promise<void> {
    return this.#ask(`/api/messages/${answer.id}/regenerate`, model ? { model } : {}, answer.id);
  }

  /** Asks for the rest of an answer, which goes on in its place. */
  continue(answer: Message): Promise<void> {
    return this.#ask(`/api/responses/${answer.response_id}/continue`, {});
  }

  /** The same wish once more. */
  async again(): Promise<void> {
    const wish = this.wish;
    if (!wish) return;
    this.wish = { ...wish, failed: undefined, until: 0 };
    keepWish(this.#user, this.id, wish);
    const { path, body, key } = wish;
    const headers = { prefer: "respond-async", "idempotency-key": key };
    try {
      const turn = await persist(
        () => {
          if (this.wish?.until) this.wish = { ...this.wish, until: 0 };
          // A person who closes the page at once has asked for it all the same.
          return json<Turn>(path, { method: "POST", headers, body, keepalive: true });
        },
        {
          asked: (pause) => {
            if (this.wish) this.wish = { ...this.wish, until: Date.now() + pause };
          },
        },
      );
      this.discard();
      this.take(turn);
      void conversations.reload(this.id, true);
    } catch (error) {
      this.wish = { ...wish, failed: error as Error, until: 0 };
      // What becomes of it is said here, and decided by the person who reads it.
      dropWish(this.#user, this.id);
      if (error instanceof Refused && ["conversation_locked", "cannot_continue"].includes(error.code)) void this.refresh();
    }
  }

  /** Gives up what was wished for. */
  discard(): void {
    this.wish = undefined;
    dropWish(this.#user, this.id);
  }

  /** Shows the branch of another message. */
  async choose(message: string): Promise<void> {
    await conversations.change(this.id, { head_id: message });
    await this.refresh();
  }

  /** Loads a message with everything below it, on its branch, which is chosen if it is another. */
  async find(id: string): Promise<void> {
    await this.refresh();
    if (this.has(id)) return;
    const { seq } = await json<Message>(`/api/messages/${id}`);
    await this.#reach(seq);
    if (this.has(id)) return;
    // A branch is in the order of its numbers, so one that is not in its place is on another.
    await this.choose(id);
    await this.#reach(seq);
  }

  has(id: string): boolean {
    return this.messages.some((one) => one.id === id);
  }

  /** Loads older messages until this number is among them. */
  async #reach(seq: number): Promise<void> {
    while (this.older !== "none" && (this.messages[0]?.seq ?? 0) > seq) {
      await this.loadOlder();
      if (this.older === "failed") throw new Lost("older messages");
    }
  }

  /** Ends the answer being written; its text is kept. */
  async stop(): Promise<void> {
    const live = this.live;
    if (!live || live.stopping) return;
    live.stopping = true;
    try {
      await persist(() => json(`/api/responses/${live.response}/cancel`, { method: "POST", keepalive: true }));
    } catch {
      // An answer that cannot be stopped has ended.
      live.stopping = false;
    }
  }

  /** Asks how an answer was made, once. */
  async explain(response: string): Promise<void> {
    if (this.#asked.has(response)) return;
    this.#asked.add(response);
    try {
      this.responses.set(response, await json<Response>(`/api/responses/${response}`));
    } catch {
      this.#asked.delete(response);
    }
  }

  #ask(path: string, body: Wish["body"], instead?: string): Promise<void> {
    return this.#wish({ path, body, key: newKey(), instead, at: Date.now() });
  }

  #wish(wished: Wished): Promise<void> {
    this.wish = { ...wished, failed: undefined, until: 0 };
    return this.again();
  }

  get #user(): string {
    return session.user?.id ?? "";
  }

  /** What was not there may be back: a person has undone something, or the network is there again. */
  #look = (): void => {
    if (!document.hidden && (this.state === "missing" || this.state === "failed")) void this.refresh();
  };

  async #load(): Promise<void> {
    try {
      const [conversation, page] = await Promise.all([
        json<Conversation>(`/api/conversations/${this.id}`),
        this.#page(PAGE),
      ]);
      this.conversation = conversation;
      this.#join(page);
      this.state = "ready";
      conversations.put(conversation, false);
      const active = conversation.active_response_id;
      const message = active && page.data.find((one) => one.response_id === active);
      if (active && message) this.#attach(active, message);
    } catch (error) {
      if (error instanceof Refused && error.status === 404) this.state = "missing";
      else if (this.state === "loading") this.state = "failed";
    }
  }

  #page(limit: number, rest = ""): Promise<List<Message>> {
    return json(`/api/conversations/${this.id}/messages?limit=${limit}${rest}`);
  }

  /** Puts the newest page below the older ones that still lead to it. */
  #join(page: List<Message>): void {
    const [first] = page.data;
    const at = first ? this.messages.findIndex((one) => one.id === first.id) : -1;
    if (at > 0) {
      this.messages = [...this.messages.slice(0, at), ...page.data];
    } else {
      this.messages = page.data;
      this.older = page.has_more ? "more" : "none";
    }
  }

  /** Puts a turn below the message that it hangs on, or at the top. */
  #append(turn: Turn): void {
    const parent = turn.user_message.parent_id;
    const above = this.messages.slice(0, this.messages.findIndex((one) => one.id === parent) + 1);
    const ids = new Set([turn.user_message.id, turn.message.id]);
    this.messages = [...above.filter((one) => !ids.has(one.id)), turn.user_message, turn.message];
  }

  /** Follows an answer to its end and shows what became of it. */
  #attach(response: string, message: Message, watched = false): void {
    if (this.live?.response === response) return;
    this.live?.leave();
    const live = new Live(response, message, watched);
    this.live = live;
    this.onNote("started");
    // Without text nothing is lost by reading from the beginning: it is told from there on.
    const after = message.content === "" ? undefined : (message.covers_seq ?? undefined);
    void live.follow(after).then(
      (ended) => this.#ended(live, ended),
      (error) => {
        if (this.live !== live) return;
        this.live = undefined;
        // The conversation was deleted, or the session ended.
        if (error instanceof Refused) void this.refresh();
      },
    );
  }

  async #ended(live: Live, ended: Response): Promise<void> {
    this.responses.set(ended.id, ended);
    this.#asked.add(ended.id);
    if (live.thoughtFor > 0) this.thoughts.set(live.message, live.thoughtFor);
    try {
      const message = await persist(() => json<Message>(`/api/messages/${live.message}`));
      this.messages = this.messages.map((one) => (one.id === message.id ? message : one));
    } catch {
      // The conversation is gone; the screen says so as soon as it is asked for.
    }
    if (this.live !== live) return;
    this.live = undefined;
    const note = { completed: "finished", failed: "failed", cancelled: "stopped" } as const;
    this.onNote(note[ended.status as keyof typeof note] ?? "stopped");
    await conversations.reload(this.id);
    conversations.soon();
  }

  /** The server has a new version of this conversation. */
  #heard(conversation: Conversation): void {
    if (conversation.id !== this.id) return;
    const before = this.conversation;
    this.conversation = conversation;
    if (this.state === "missing" || this.state === "failed") return void this.refresh();
    if (!before || this.wish || this.outgoing.some((one) => one.sending)) return;
    const moved = conversation.head_id !== before.head_id;
    const other = conversation.active_response_id;
    if ((moved && conversation.head_id !== this.messages.at(-1)?.id) || (other && other !== this.live?.response)) {
      void this.refresh();
    }
  }
}
