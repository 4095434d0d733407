/** Whether the server can be reached, as far as requests have shown. */
import { isPage } from "./errors";
import { sleep } from "./sleep";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;
/** Shorter troubles than this are not worth a word, in milliseconds. */
const QUIET = 700;

class Connection {
  /** What to tell the person: all is well, the server is away, or this device has no network. */
  state = $state<"fine" | "lost" | "offline">("fine");

  #lost = false;
  #probing = false;
  #waiting = new Set<() => void>();

  constructor() {
    if (typeof window === "undefined") return;
    addEventListener("offline", () => this.failed());
    addEventListener("online", () => this.#wake());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#wake();
    });
  }

  /** A request has reached the server. */
  worked(): void {
    this.#lost = false;
    this.state = "fine";
    this.#wake();
  }

  /** A request has not. From now on one probe asks for all. */
  failed(): void {
    this.#lost = true;
    setTimeout(() => {
      if (this.#lost) this.state = navigator.onLine ? "lost" : "offline";
    }, QUIET);
    if (!this.#probing) void this.#probe();
  }

  /** Whether the last request has not reached the server. */
  get away(): boolean {
    return this.#lost;
  }

  /**
   * Waits this long, and in any case until the server can be reached again. That it can be does not end
   * the pause: it may be only what waits here that never gets through.
   */
  async back(pause: number, signal?: AbortSignal): Promise<void> {
    await sleep(pause, signal);
    while (this.#lost) await sleep(LONGEST_PAUSE, signal, this.#waiting);
  }

  async #probe(): Promise<void> {
    this.#probing = true;
    for (let pause = FIRST_PAUSE; this.#lost; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      await sleep(pause * (1 + Math.random() / 4), undefined, this.#waiting);
      if (!this.#lost) break;
      try {
        const signal = AbortSignal.timeout(5_000);
        const reply = await fetch("/health/ready", { signal, cache: "no-store" });
        if (reply.ok && !isPage(reply)) this.worked();
      } catch {
        this.state = navigator.onLine ? "lost" : "offline";
      }
    }
    this.#probing = false;
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

export const connection = new Connection();
