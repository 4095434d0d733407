/**
 * Has code coloured by a thread of its own, loaded with the first code. The grammars are made of
 * expressions that some texts keep busy for minutes; the page does not wait for them, and the thread
 * is ended when it takes too long. Such code has no colours.
 */
import address from "./colours.worker?worker&url";
import type { Piece } from "./highlight";

/** Longer code, in characters, has no colours. */
const LONGEST = 50_000;
/** How long one piece of code may take, in milliseconds; it usually takes a few. */
const PATIENCE = 2_000;
/** After so many that took too long nothing is coloured any more in this page. */
const STRIKES = 3;

interface Job {
  code: string;
  language: string;
  done: (pieces: Piece[] | undefined) => void;
}

/** What is needed of a thread. */
export type Thread = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onerror">;

export class Colours {
  #thread: Thread | undefined;
  #waiting: Job[] = [];
  #running: Job | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #strikes = 0;

  constructor(private readonly start: () => Thread) {}

  /** Calls `done` with the coloured code, or with nothing; returns what takes the wish back. */
  ask(code: string, language: string, done: Job["done"]): () => void {
    if (code.length > LONGEST || this.#strikes >= STRIKES) return () => {};
    const job: Job = { code, language, done };
    this.#waiting.push(job);
    this.#next();
    return () => {
      job.done = () => {};
      this.#waiting = this.#waiting.filter((one) => one !== job);
    };
  }

  #next(): void {
    if (this.#running) return;
    this.#running = this.#waiting.shift();
    if (!this.#running) return;
    try {
      this.#thread ??= this.#begin();
      this.#timer = setTimeout(() => this.#fail(), PATIENCE);
      this.#thread.postMessage({ code: this.#running.code, language: this.#running.language });
    } catch {
      this.#fail();
    }
  }

  #begin(): Thread {
    const thread = this.start();
    thread.onmessage = ({ data }) => this.#end(data as Piece[] | undefined);
    thread.onerror = () => this.#fail();
    return thread;
  }

  #fail(): void {
    this.#thread?.terminate();
    this.#thread = undefined;
    this.#strikes += 1;
    if (this.#strikes >= STRIKES) this.#waiting = [];
    this.#end(undefined);
  }

  #end(pieces: Piece[] | undefined): void {
    clearTimeout(this.#timer);
    const job = this.#running;
    this.#running = undefined;
    job?.done(pieces);
    this.#next();
  }
}

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: () => string }): { createScriptURL(from: string): string };
}

/** Browsers that let no text become a script let this one, whatever is asked for. */
function trusted(): string {
  const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
  return policies?.createPolicy("colours", { createScriptURL: () => address }).createScriptURL(address) ?? address;
}

let script: string | undefined;
export const colours = new Colours(() => new Worker((script ??= trusted()), { type: "module", name: "colours" }));

/** The nodes of coloured code. */
export function drawn(pieces: Piece[]): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const open: (DocumentFragment | HTMLElement)[] = [fragment];
  for (const piece of pieces) {
    if (piece === null) {
      open.pop();
    } else if (typeof piece === "string") {
      open.at(-1)!.append(piece);
    } else {
      const span = document.createElement("span");
      span.className = piece.class;
      open.at(-1)!.append(span);
      open.push(span);
    }
  }
  return fragment;
}
