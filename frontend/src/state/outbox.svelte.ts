/**
 * Sends messages: each is kept on this device before it is sent and until the server has it, and
 * those of one conversation go one after the other, each when the answer before it has ended.
 */
import { Refused } from "../api/errors";
import { json, persist } from "../api/http";
import { newKey } from "../api/key";
import { oneTab } from "../api/locks";
import { sleep } from "../api/sleep";
import type { Turn } from "../api/types";
import { connection } from "../api/connection.svelte";
import { conversations } from "./conversations.svelte";
import { beginning, giveAllBack, isBeginning, isOf, MOST, store, stored, unstore, Unsure, type Outgoing } from "./outgoing";

/** So long after the first attempt the server knows a key (a day), with an hour to spare. */
const REMEMBERED = 23 * 3_600_000;
/** How often a conversation is looked at whose answer nobody follows here, in milliseconds. */
const LOOK = 5_000;
/** The tab that has written a message is the first to send it, by so many milliseconds: more than a busy machine takes. */
const HEAD_START = 1_000;
/** What a browser sends for a page that is gone is at most 64 KiB, all requests together. */
const KEEPALIVE = 32_000;

/** A message on its way, as this tab sees it. */
export interface Item extends Outgoing {
  /** It is being sent, from here. */
  sending: boolean;
  /** Whether this tab has written it or is the one to send it. */
  ours: boolean;
  /** Whether it was written here, if that was before a reload. */
  written: boolean;
  /** When the next attempt is made, because the server asked to wait; 0 if it did not. */
  until: number;
}

/** What those who show conversations are told. */
export interface Listener {
  /** A message has arrived; its turn is in this conversation. */
  sent?(item: Item, turn: Turn): void;
  /** Messages were refused, for good: returns whether their text is shown where it can be sent again. */
  refused?(items: Item[], error: Refused): boolean;
}

class Outbox {
  items = $state.raw<Item[]>([]);

  #user = "";
  /** The conversations whose messages are being sent from here. */
  #running = new Set<string>();
  /** Which answer is being written in a conversation, as far as that is known. */
  #answering = new Map<string, string>();
  /** Where a message has just arrived, and what follows from it has not been seen yet. */
  #settling = new Set<string>();
  #listeners = new Set<Listener>();
  #wakers = new Set<() => void>();

  /** Sends what is left from before, and everything from now on, in the name of this person. */
  start(user: string): void {
    if (this.#user) return;
    this.#user = user;
    const reloaded = performance.getEntriesByType("navigation").some((one) => (one as PerformanceNavigationTiming).type !== "navigate");
    this.#read(reloaded);
    addEventListener("storage", ({ key }) => {
      if (!isOf(user, key)) return;
      this.#read();
      this.#wake();
      setTimeout(() => this.#look(), HEAD_START);
    });
    conversations.watch({
      heard: ({ id, active_response_id: active }) => {
        if (active) this.#answering.set(id, active);
        // What was asked before the message arrived knows nothing of its answer.
        else if (!this.#settling.has(id)) this.#answering.delete(id);
        this.#wake();
      },
      gone: (id) => {
        // If it was deleted, the server says so when the next message comes.
        if (this.#answering.delete(id)) this.#wake();
      },
    });
    this.#look();
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is on its way in a conversation, in order. */
  of(conversation: string): Item[] {
    return this.items.filter((one) => one.conversation === conversation);
  }

  /**
   * What is on its way in conversations that do not exist yet: of this tab, and what has failed in any,
   * which waits for the person.
   */
  get beginnings(): Item[] {
    const begins = this.items.filter((one) => isBeginning(one.conversation) && (one.ours || one.failed));
    return begins.flatMap(({ conversation }, at) => (begins.findIndex((one) => one.conversation === conversation) === at ? this.of(conversation) : []));
  }

  /** What the next message follows into the conversation that it makes; nothing if it makes its own. */
  get ahead(): Item | undefined {
    const last = this.beginnings.at(-1);
    // Behind one that has failed it would get nowhere.
    return last && this.of(last.conversation).some((one) => one.failed) ? undefined : last;
  }

  /**
   * Takes a message; it is kept when this returns. Returns whether there is room for another one.
   * Without a conversation it makes one.
   */
  put(message: Pick<Outgoing, "content"> & Partial<Pick<Outgoing, "conversation" | "rest" | "instead">>): boolean {
    if (this.items.length >= MOST) return false;
    const last = this.items.at(-1)?.at ?? 0;
    const one: Outgoing = {
      conversation: beginning(),
      rest: {},
      ...message,
      key: newKey(),
      at: Math.max(Date.now(), last + 1),
      tried: 0,
      failed: undefined,
    };
    store(this.#user, one);
    this.items = [...this.items, { ...one, ours: true, written: true, sending: false, until: 0 }];
    this.#look();
    return true;
  }

  /** Takes a message away that nobody wants sent any more. */
  remove(key: string): void {
    unstore(this.#user, key);
    this.items = this.items.filter((one) => one.key !== key);
    this.#look();
  }

  /** Tries once more what has failed. */
  retry(key: string): void {
    const failed = this.items.find((one) => one.key === key)?.failed;
    // A person who was told that it may be there already has decided to send it anew.
    this.#change(key, { failed: undefined, ...(failed instanceof Unsure ? { tried: 0 } : {}) });
    this.#look();
  }

  /** Sees what there is, and sends what can be sent. */
  #look(): void {
    this.#read();
    this.#wake();
    for (const { conversation } of this.items) void this.#run(conversation);
  }

  /** Takes in what the tabs of this browser have written. */
  #read(written = false): void {
    const known = new Map(this.items.map((one) => [one.key, one]));
    const fresh = { ours: false, written, sending: false, until: 0 };
    this.items = stored(this.#user).map((one) => ({ ...fresh, ...known.get(one.key), ...one }));
  }

  /** Sends the messages of one conversation, in one tab. */
  async #run(conversation: string): Promise<void> {
    if (this.#running.has(conversation)) return;
    this.#running.add(conversation);
    try {
      await oneTab(`chatapp.outbox.${conversation}`, async () => {
        for (;;) {
          // Another tab may have sent it, or its writer has taken it back.
          this.#read();
          const [next] = this.of(conversation);
          if (!next || next.failed) return;
          if (!next.ours) {
            this.#change(next.key, { ours: true });
            continue;
          }
          // Whatever was waited for, the world may be another one.
          if (await this.#waited(conversation)) continue;
          await this.#send(next);
        }
      });
    } finally {
      this.#running.delete(conversation);
    }
  }

  /** Waits for the server, or for the end of an answer; says whether there was something to wait for. */
  async #waited(conversation: string): Promise<boolean> {
    if (connection.away) {
      await connection.back(0);
      return true;
    }
    if (!this.#answering.has(conversation)) return false;
    const look = Date.now() + LOOK;
    await sleep(LOOK, undefined, this.#wakers);
    if (Date.now() >= look) await conversations.reload(conversation);
    return true;
  }

  async #send(item: Item): Promise<void> {
    const { key, conversation, content, rest } = item;
    const begins = isBeginning(conversation);
    const body = { content, ...rest };
    const headers = { prefer: "respond-async", "idempotency-key": key };
    const path = begins ? "/api/messages" : `/api/conversations/${conversation}/messages`;
    // A person who closes the page at once has sent it all the same.
    let keepalive = new Blob([JSON.stringify(body)]).size <= KEEPALIVE;
    const tried = item.tried || Date.now();
    this.#change(key, { sending: true, tried });
    // However long the server, the session or this machine was away meanwhile.
    const before = () => {
      if (Date.now() - tried > REMEMBERED) throw new Unsure();
    };
    try {
      const turn = await persist(
        () => {
          this.#change(key, { until: 0 });
          const options = { method: "POST" as const, headers, body, keepalive, before };
          keepalive = false;
          return json<Turn>(path, options);
        },
        { asked: (pause) => this.#change(key, { until: Date.now() + pause }) },
      );
      this.#arrived(item, turn);
    } catch (error) {
      this.#change(key, { sending: false, until: 0 });
      if (!(error instanceof Refused) || (error.status >= 500 && error.status !== 507)) {
        // Nobody knows what has become of it; the same key finds out.
        this.#change(key, { failed: error as Error });
      } else if (error.code === "conversation_locked" && error.responseId) {
        this.#change(key, { tried: 0 });
        this.#answering.set(conversation, error.responseId);
        void conversations.reload(conversation);
      } else {
        this.#refused(conversation, error);
      }
    }
  }

  #arrived(item: Item, turn: Turn): void {
    const { conversation_id: id } = turn.message;
    this.#answering.set(id, turn.response.id);
    this.#settling.add(id);
    // Those that follow go where the first one has gone.
    if (isBeginning(item.conversation)) {
      for (const { key } of this.of(item.conversation)) this.#change(key, { conversation: id, rest: {} });
    }
    this.remove(item.key);
    for (const listener of this.#listeners) listener.sent?.(item, turn);
    void conversations.reload(id, true).then((conversation) => {
      this.#settling.delete(id);
      if (!conversation || conversation.active_response_id) return;
      this.#answering.delete(id);
      this.#wake();
    });
  }

  /** Gives the text back to its writer, with all that was to follow. */
  #refused(conversation: string, error: Refused): void {
    let items = this.of(conversation);
    const shown = () => [...this.#listeners].some((listener) => listener.refused?.(items, error));
    const gone = error.status === 404 && !isBeginning(conversation);
    // With a conversation its messages are gone that others were to take the place of.
    if (gone) items = items.map(({ instead: _, ...one }) => ({ ...one, rest: {} }));
    let back = shown();
    if (!back && gone) {
      // Where nobody shows it any more, its texts begin a new one.
      const place = beginning();
      items = items.map((one) => ({ ...one, conversation: place }));
      back = shown();
    }
    if (!back) giveAllBack(this.#user, items);
    for (const { key } of items) this.remove(key);
  }

  #change(key: string, change: Partial<Item>): void {
    const found = this.items.find((one) => one.key === key);
    if (!found) return;
    const changed = { ...found, ...change };
    this.items = this.items.map((one) => (one === found ? changed : one));
    if ("tried" in change || "conversation" in change || "failed" in change) store(this.#user, changed);
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake();
  }
}

export const outbox = new Outbox();
