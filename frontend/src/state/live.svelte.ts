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
  /** How long the model thought, in seconds; 0 while that is not known. */
  thoughtFor = $state(0);

  #text = "";
  #reasoning = "";
  #drawing = false;
  #thinkingSince = 0;
  #followed = new AbortController();

  constructor(
    readonly response: string,
    readonly message: string,
    start = "",
    /** Whether it is watched from its beginning on, as it happens. */
    private watched = false,
  ) {
    this.#text = start;
    this.text = start;
  }

  /** Follows to the end, drawing at most once a frame. `after` is the last event that is known. */
  async follow(after?: number): Promise<Response> {
    const sink = {
      afresh: () => {
        // What is told again comes faster than it was made.
        if (this.#text !== "" || this.#reasoning !== "") this.watched = false;
        this.#thinkingSince = this.thoughtFor = 0;
        this.#text = "";
        this.#reasoning = "";
        this.#draw();
      },
      text: (delta: string) => {
        if (this.#thinkingSince > 0 && this.thoughtFor === 0) {
          this.thoughtFor = Math.max(1, Math.round((Date.now() - this.#thinkingSince) / 1000));
        }
        this.#text += delta;
        this.#draw();
      },
      reasoning: (delta: string) => {
        if (this.watched) this.#thinkingSince ||= Date.now();
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
