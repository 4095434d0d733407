/** The browser's formats in the language of the page, for the catalogues and for what is around them. */

/** The language with a region, where the browser has one. */
let locale = "en";

/** Formats in this language from now on. */
export function formatIn(tag: string): void {
  locale = tag;
}

export function number(value: number): string {
  return new Intl.NumberFormat(locale).format(value);
}

export function seconds(value: number): string {
  return new Intl.NumberFormat(locale, { style: "unit", unit: "second", unitDisplay: "short" }).format(value);
}

export function dateTime(time: string, style: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(locale, style).format(new Date(time));
}

export function list(parts: string[]): string {
  return new Intl.ListFormat(locale, { style: "short", type: "unit" }).format(parts);
}

/** A time as a distance for the last week; nothing for what is longer ago. */
export function distance(time: string, now: number): string | undefined {
  const passed = (new Date(time).getTime() - now) / 1000;
  if (passed < -7 * 86_400) return undefined;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  for (const [unit, length] of units) {
    if (Math.abs(passed) >= length) return format.format(Math.round(passed / length), unit);
  }
  return format.format(0, "second");
}
