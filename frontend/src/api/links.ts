/** Links of texts that others have written. */

/** Longer addresses lead nowhere: in Markdown, a definition repeats its address at each of its uses. */
export const LONGEST_ADDRESS = 4_000;

/** The address that a person may follow, in its one spelling; nothing for what is no web or mail address. */
export function safeLink(href: string): string | undefined {
  if (href.length > LONGEST_ADDRESS || !URL.canParse(href)) return undefined;
  const url = new URL(href);
  return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : undefined;
}

/** Where a link leads, which its text may not say. */
export function destination(href: string): string {
  const url = new URL(href);
  return url.protocol === "mailto:" ? url.pathname : url.host;
}
