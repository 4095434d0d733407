/** A text as it can be stored: without white space around it, halves of characters, and U+0000. */
export function wellFormed(text: string): string {
  return text.replaceAll("\0", "").toWellFormed().trim();
}
