/** The language of the page: a catalogue, and the browser's formats that go with it. */
import { settings } from "../state/settings.svelte";
import { en, type Catalogue } from "./en";
import * as format from "./format";

/** Every language with its own name for itself; all but English are loaded when needed. */
export const LANGUAGES: Record<string, { name: string; load: () => Promise<Catalogue> }> = {
  en: { name: "English", load: async () => en },
  de: { name: "Deutsch", load: async () => (await import("./de")).de },
  ja: { name: "日本語", load: async () => (await import("./ja")).ja },
};

class I18n {
  t = $state.raw<Catalogue>(en);
  language = $state("en");

  /** Shows the chosen language, or the first of the browser's that there is. */
  async choose(): Promise<void> {
    const base = (tag: string) => tag.split("-")[0]!;
    const wanted = [settings.get("language"), ...navigator.languages];
    const language = wanted.map(base).find((tag) => Object.hasOwn(LANGUAGES, tag)) ?? "en";
    let words: Catalogue;
    try {
      words = await LANGUAGES[language]!.load();
    } catch {
      // The network is away, or the server has newer files: the language there is goes on.
      return;
    }
    format.formatIn(navigator.languages.find((tag) => base(tag) === language) ?? language);
    this.t = words;
    this.language = language;
    document.documentElement.lang = language;
  }

  // Whoever formats depends on the language, too.
  #formats = $derived.by(() => (void this.language, format));

  /** A time as a distance for the last week, and as a date before. */
  ago(time: string, now = Date.now()): string {
    return this.#formats.distance(time, now) ?? this.date(time);
  }

  date(time: string): string {
    return this.#formats.dateTime(time, { dateStyle: "medium" });
  }

  dateTime(time: string): string {
    return this.#formats.dateTime(time, { dateStyle: "medium", timeStyle: "short" });
  }

  month(time: string): string {
    return this.#formats.dateTime(time, { month: "long", year: "numeric" });
  }

  number(value: number): string {
    return this.#formats.number(value);
  }

  list(parts: string[]): string {
    return this.#formats.list(parts);
  }
}

export const i18n = new I18n();
