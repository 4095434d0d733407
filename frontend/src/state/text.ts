/** A text as it can be stored: without white space around it, halves of characters, and U+0000. */
export function wellFormed(text: string): string {
  return text.replaceAll("\0", "").toWellFormed().trim();
}

/** Whether a text says anything: the server takes no message that is only white space and what nobody sees. */
export function saysSomething(text: string): boolean {
  return /[^\p{White_Space}\p{Cf}\0]/u.test(text);
}

/** A piece of a text, and whether it is what was looked for. */
export interface Piece {
  text: string;
  hit: boolean;
}

/** Cuts a text at its highlights, which count UTF-16 code units as strings here do. */
export function pieces(text: string, highlights: { start: number; end: number }[]): Piece[] {
  const found: Piece[] = [];
  const add = (from: number, to: number, hit: boolean) => {
    if (from < to) found.push({ text: text.slice(from, to), hit });
  };
  let at = 0;
  for (const { start, end } of highlights) {
    add(at, start, false);
    add(Math.max(at, start), end, true);
    at = Math.max(at, start, end);
  }
  add(at, text.length, false);
  return found;
}
