/** The language of the page: a catalogue, and the browser's formats that go with it. */
import { settings } from "../state/settings.svelte";
import { en, type Catalogue } from "./en";

/** Every language with its own name for itself; all but English are loaded when needed. */
export const LANGUAGES: Record<string, { name: string; load: () => Promise<Catalogue> }> = {
  en: { name: "English", load: async () => en },
};

class I18n {
  t = $state.raw<Catalogue>(en);
  language = $state("en");
  /** The language as the browser's formats know it, with a region where the browser has one. */
  #locale = "en";

  /** Shows the chosen language, or the first of the browser's that there is. */
  async choose(): Promise<void> {
    const wanted = [settings.get("language"), ...navigator.languages];
    const found = wanted.map((tag) => tag.split("-")[0]!).find((tag) => tag in LANGUAGES) ?? "en";
    this.t = await LANGUAGES[found]!.load().catch(() => en);
    this.language = found;
    this.#locale = navigator.languages.find((tag) => tag.split("-")[0] === found) ?? found;
    document.documentElement.lang = found;
  }

  /** A time as a distance for the last week, and as a date before. */
  ago(time: string, now = Date.now()): string {
    const seconds = (new Date(time).getTime() - now) / 1000;
    const units: [Intl.RelativeTimeFormatUnit, number][] = [
      ["day", 86_400],
      ["hour", 3_600],
      ["minute", 60],
    ];
    if (seconds < -7 * 86_400) return this.date(time);
    const format = new Intl.RelativeTimeFormat(this.#locale, { numeric: "auto" });
    for (const [unit, length] of units) {
      if (Math.abs(seconds) >= length) return format.format(Math.round(seconds / length), unit);
    }
    return format.format(0, "second");
  }

  date(time: string): string {
    return new Intl.DateTimeFormat(this.#locale, { dateStyle: "medium" }).format(new Date(time));
  }

  dateTime(time: string): string {
    const style = { dateStyle: "medium", timeStyle: "short" } as const;
    return new Intl.DateTimeFormat(this.#locale, style).format(new Date(time));
  }

  month(time: string): string {
    const style = { month: "long", year: "numeric" } as const;
    return new Intl.DateTimeFormat(this.#locale, style).format(new Date(time));
  }

  number(value: number): string {
    return new Intl.NumberFormat(this.#locale).format(value);
  }
}

export const i18n = new I18n();
