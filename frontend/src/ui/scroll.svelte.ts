/**
 * The one that moves a transcript. It stays at the end while text grows there, until the person
 * scrolls up; from then on it never moves by itself.
 *
 * It tells its own scrolling from the person's by the place it wrote, not by timers.
 */
import { tick } from "svelte";

/** How near to the end counts as being there, in CSS pixels. */
const NEAR = 48;

export class ScrollKeeper {
  /** Whether the end is in view, and kept there. */
  pinned = $state(true);

  #scroller: HTMLElement | undefined;
  #content: HTMLElement | undefined;
  #written = -1;
  #last = 0;

  /** Watches the box that scrolls and the content that grows in it. */
  attach(scroller: HTMLElement, content: HTMLElement): () => void {
    this.#scroller = scroller;
    this.#content = content;
    const grown = new ResizeObserver(() => {
      if (this.pinned) this.#write();
    });
    grown.observe(content);
    grown.observe(scroller);
    const moved = () => this.#moved();
    scroller.addEventListener("scroll", moved, { passive: true });
    this.#write();
    return () => {
      grown.disconnect();
      scroller.removeEventListener("scroll", moved);
      this.#scroller = this.#content = undefined;
    };
  }

  /** Goes to the end and stays there. */
  toEnd(): void {
    this.pinned = true;
    this.#write();
  }

  /** Shows a message that is not at the end, and stays with it. */
  reveal(turn: HTMLElement): void {
    if (!this.#scroller) return;
    this.pinned = false;
    const { top } = this.#scroller.getBoundingClientRect();
    // A little of what was said before stays in view.
    this.#place(this.#scroller.scrollTop + turn.getBoundingClientRect().top - top - this.#scroller.clientHeight / 5);
  }

  /** Changes what is above without moving what the person sees. */
  async keepPlace(change: () => Promise<void>): Promise<void> {
    const seen = this.#firstSeen();
    const before = seen?.getBoundingClientRect().top;
    await change();
    await tick();
    if (!seen?.isConnected || before === undefined || !this.#scroller) return;
    const moved = seen.getBoundingClientRect().top - before;
    if (Math.abs(moved) >= 1) this.#place(this.#scroller.scrollTop + moved);
  }

  #firstSeen(): Element | undefined {
    const top = this.#scroller?.getBoundingClientRect().top ?? 0;
    const turns = this.#content?.querySelectorAll("article") ?? [];
    return [...turns].find((turn) => turn.getBoundingClientRect().bottom > top);
  }

  #write(): void {
    if (this.#scroller) this.#place(this.#scroller.scrollHeight);
  }

  #place(top: number): void {
    const scroller = this.#scroller!;
    scroller.scrollTop = top;
    this.#written = this.#last = scroller.scrollTop;
  }

  #moved(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller!;
    const up = scrollTop < this.#last - 1;
    this.#last = scrollTop;
    if (Math.abs(scrollTop - this.#written) <= 1) return;
    this.#written = -1;
    const gap = scrollHeight - clientHeight - scrollTop;
    if (gap <= 2) this.pinned = true;
    else if (up) this.pinned = false;
    else if (gap <= NEAR) this.pinned = true;
  }
}
