/** An answer while it is written. */
import { follow } from "../api/follow";
import type { Response } from "../api/types";

/** The most that is drawn at once while nobody looks, in milliseconds. */
const HIDDEN_PAUSE = 500;

export class Live {
  text = $state("");
  reasoning = $state("");
  /** The person has asked for its end. */
  stopping = $state(false);

  #text = "";
  #reasoning = "";
  #drawing = false;
  #followed = new AbortController();

  constructor(
    readonly response: string,
    readonly message: string,
    start = "",
  ) {
    this.#text = start;
    this.text = start;
  }

  /** Follows to the end, drawing at most once a frame. `after` is the last event that is known. */
  async follow(after?: number): Promise<Response> {
    const sink = {
      afresh: () => {
        this.#text = "";
        this.#reasoning = "";
        this.#draw();
      },
      text: (delta: string) => {
        this.#text += delta;
        this.#draw();
      },
      reasoning: (delta: string) => {
        this.#reasoning += delta;
        this.#draw();
      },
    };
    const ended = await follow(this.response, sink, { after, signal: this.#followed.signal });
    this.#show();
    return ended;
  }

  /** Stops following; the answer goes on without us. */
  leave(): void {
    this.#followed.abort();
  }

  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    const show = () => {
      this.#drawing = false;
      this.#show();
    };
    // Hidden pages have no frames.
    if (document.hidden) setTimeout(show, HIDDEN_PAUSE);
    else requestAnimationFrame(show);
  }

  #show(): void {
    this.text = this.#text;
    this.reasoning = this.#reasoning;
  }
}
