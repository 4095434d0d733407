/** An answer while it is written. */
import { follow, sourcesOf, type Item, type Source } from "../api/follow";
import type { Call, Message, Response, Waiting } from "../api/types";

/** So long without anything is worth a word, in milliseconds. */
const QUIET = 10_000;
/** How often that is looked at. */
const LOOK = 1_000;
/** The most that is drawn at once while nobody looks, in milliseconds. */
const HIDDEN_PAUSE = 500;

export class Live {
  readonly message: string;
  text = $state("");
  reasoning = $state("");
  calls = $state.raw<Call[]>([]);
  sources = $state.raw<Source[]>([]);
  /** Why nothing comes at the moment, if the server says so. */
  waiting = $state.raw<Waiting | undefined>();
  /** Nothing has come for a while, and nobody has said why. */
  quiet = $state(false);
  /** The person has asked for its end. */
  stopping = $state(false);
  /** How long the model thought, in seconds; 0 while that is not known. */
  thoughtFor = $state(0);

  #text = "";
  #reasoning = "";
  /** Replaced whenever one of them changes. */
  #calls: Call[] = [];
  #sources: Source[] = [];
  #drawing = false;
  #heard = Date.now();
  #thinkingSince = 0;
  #followed = new AbortController();

  constructor(
    readonly response: string,
    /** The message that is written, as far as it is known. */
    message: Message,
    /** Whether it is watched from its beginning on, as it happens. */
    private watched = false,
  ) {
    this.message = message.id;
    // One without text is told from its beginning.
    if (message.content === "") return;
    this.#text = message.content;
    this.#reasoning = message.reasoning ?? "";
    this.#calls = message.calls ?? [];
    this.#sources = sourcesOf(message.annotations);
    this.#show();
  }

  /** Follows to the end, drawing at most once a frame. `after` is the last event that is known. */
  async follow(after?: number): Promise<Response> {
    const sink = {
      restart: () => {
        // What is told again comes faster than it was made.
        if (this.#text !== "" || this.#reasoning !== "" || this.#calls.length > 0) this.watched = false;
        this.#thinkingSince = this.thoughtFor = 0;
        this.#text = "";
        this.#reasoning = "";
        this.#calls = [];
        this.#sources = [];
        // Drawn with what comes next, which may be the same again.
      },
      text: (delta: string) => {
        this.#thought();
        this.#text += delta;
        this.#draw();
      },
      reasoning: (delta: string) => {
        if (this.watched) this.#thinkingSince ||= Date.now();
        this.#reasoning += delta;
        this.#draw();
      },
      call: (item: Item) => {
        this.#thought();
        this.#calls = [...this.#calls, { ...item, offset: this.#text.length }];
        this.#draw();
      },
      args: (id: string, delta: string) => {
        this.#calls = this.#calls.map((one) => (one.id === id ? { ...one, arguments: one.arguments + delta } : one));
        this.#draw();
      },
      called: (item: Item) => {
        this.#calls = this.#calls.map((one) => (one.id === item.id ? { ...item, offset: one.offset } : one));
        this.#draw();
      },
      waiting: (waiting: Waiting | undefined) => {
        this.#heard = Date.now();
        this.quiet = false;
        this.waiting = waiting;
      },
      source: (source: Source) => {
        if (this.#sources.some((one) => one.url === source.url)) return;
        this.#sources = [...this.#sources, source];
        this.#draw();
      },
    };
    const watch = setInterval(() => (this.quiet = !this.waiting && Date.now() - this.#heard > QUIET), LOOK);
    try {
      const ended = await follow(this.response, sink, { after, signal: this.#followed.signal });
      this.#show();
      return ended;
    } finally {
      clearInterval(watch);
    }
  }

  /** Stops following; the answer goes on without us. */
  leave(): void {
    this.#followed.abort();
  }

  /** The model has ended its thoughts. */
  #thought(): void {
    if (this.#thinkingSince === 0 || this.thoughtFor > 0) return;
    this.thoughtFor = Math.max(1, Math.round((Date.now() - this.#thinkingSince) / 1000));
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
    this.calls = this.#calls;
    this.sources = this.#sources;
  }
}
