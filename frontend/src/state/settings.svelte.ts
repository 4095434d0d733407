/** What a person has chosen on this device. */
import { tolerant } from "../api/storage";

const KEY = "chatapp.settings";

export type Theme = "system" | "light" | "dark";

interface Stored {
  theme: Theme;
  /** A language of ours; empty for the browser's. */
  language: string;
  /** The model for new conversations; empty for the server's. */
  model: string;
  /** Whether keyboard shortcuts are on. */
  shortcuts: boolean;
  /** Whether a finished answer is read to screen readers. */
  announce: boolean;
  /** Whether the sidebar is shown where there is room for it. */
  sidebar: boolean;
  /** Whether long lines of code are wrapped. */
  wrap: boolean;
}

const DEFAULTS: Stored = {
  theme: "system",
  language: "",
  model: "",
  shortcuts: true,
  announce: false,
  sidebar: true,
  wrap: false,
};

class Settings {
  #stored = $state<Stored>(load());

  constructor() {
    if (typeof window === "undefined") return;
    addEventListener("storage", (event) => {
      if (event.key !== KEY) return;
      this.#stored = load();
      this.#show();
    });
    this.#show();
  }

  get<K extends keyof Stored>(key: K): Stored[K] {
    return this.#stored[key];
  }

  set<K extends keyof Stored>(key: K, value: Stored[K]): void {
    this.#stored[key] = value;
    // Without storage the choice lasts as long as the page.
    tolerant(() => localStorage.setItem(KEY, JSON.stringify(this.#stored)));
    this.#show();
  }

  #show(): void {
    const { theme } = this.#stored;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
}

function load(): Stored {
  const stored = tolerant(() => Object.entries(JSON.parse(localStorage.getItem(KEY) ?? "{}")));
  const fits = stored?.filter(([key, value]) => key in DEFAULTS && typeof value === typeof DEFAULTS[key as keyof Stored]);
  return { ...DEFAULTS, ...Object.fromEntries(fits ?? []) };
}

export const settings = new Settings();
