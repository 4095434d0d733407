/** Looks for conversations and messages while a person types. */
import { Refused } from "../api/errors";
import { json } from "../api/http";
import type { SearchPage, SearchResult } from "../api/types";
import { wellFormed } from "./text";

/** How long after the last key the server is asked, in milliseconds. */
const PAUSE = 180;
/** The most characters that the server looks for. */
export const LONGEST = 256;
const PAGE = 20;
/** A page may be empty and be followed by another; so many are asked for before a person is. */
const EMPTY_PAGES = 5;

export class Search {
  /** `empty` while there is nothing to look for. */
  state = $state<"empty" | "asking" | "ready" | "failed">("empty");
  results = $state.raw<SearchResult[]>([]);
  /** Where more is to be had; nothing when that is all. */
  cursor = $state("");
  /** Whether older messages cannot be found yet. */
  indexing = $state(false);
  error = $state.raw<unknown>();

  #query = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = new AbortController();

  /** Looks for something else: what was asked before is forgotten, its answer too. */
  look(text: string): void {
    const query = wellFormed(text);
    if (query === this.#query) return;
    this.stop();
    this.#query = query;
    if (query === "") {
      this.state = "empty";
      this.results = [];
      this.cursor = "";
      return;
    }
    this.state = "asking";
    this.#timer = setTimeout(() => void this.#ask(""), PAUSE);
  }

  /** The next page, or the same again after a failure. */
  more(): Promise<void> {
    return this.#ask(this.cursor);
  }

  /** Forgets what is on its way. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#asked.abort();
  }

  async #ask(cursor: string): Promise<void> {
    this.stop();
    const asked = new AbortController();
    this.#asked = asked;
    this.state = "asking";
    const first = cursor === "";
    const found: SearchResult[] = [];
    try {
      for (let page = 0; page < EMPTY_PAGES; page += 1) {
        const after = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
        const path = `/api/search?q=${encodeURIComponent(this.#query)}&limit=${PAGE}${after}`;
        const answer = await json<SearchPage>(path, { signal: asked.signal });
        if (asked.signal.aborted) return;
        found.push(...answer.data);
        this.indexing = answer.indexing;
        cursor = answer.has_more ? (answer.next_cursor ?? "") : "";
        if (found.length > 0 || cursor === "") break;
      }
      this.results = first ? found : [...this.results, ...found];
      this.cursor = cursor;
      this.error = undefined;
      this.state = "ready";
    } catch (error) {
      if (asked.signal.aborted) return;
      if (first) this.results = [];
      this.cursor = first ? "" : cursor;
      this.error = error;
      this.state = "failed";
    }
  }

  /** Whether the query itself was refused: too many words, or nothing but signs. */
  get unusable(): boolean {
    return this.error instanceof Refused && this.error.status === 400;
  }
}
