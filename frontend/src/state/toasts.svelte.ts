/** Short messages at the edge of the screen. */

export interface Toast {
  id: number;
  text: string;
  action: { label: string; run: () => void } | undefined;
}

const LIFE = 6_000;
/** A person who may want to undo something gets more time. */
const LIFE_WITH_ACTION = 10_000;

class Toasts {
  items = $state.raw<Toast[]>([]);
  #next = 0;

  show(text: string, action?: Toast["action"]): void {
    const toast = { id: this.#next++, text, action };
    this.items = [...this.items.slice(-2), toast];
    setTimeout(() => this.close(toast.id), action ? LIFE_WITH_ACTION : LIFE);
  }

  close(id: number): void {
    this.items = this.items.filter((one) => one.id !== id);
  }
}

export const toasts = new Toasts();
