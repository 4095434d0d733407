/** An answer cut where tools were called. */
import type { Call } from "../api/types";

/** A piece of the text, or a call; `key` stays while the answer grows. */
export type Part = { key: string; text: string; call?: undefined } | { key: string; call: Call };

/** The text and the calls in their order. There is always a piece of text at the end, be it empty. */
export function parts(text: string, calls: Call[]): Part[] {
  const found: Part[] = [];
  let at = 0;
  for (const call of calls) {
    const end = Math.min(Math.max(call.offset, at), text.length);
    if (end > at) found.push({ key: `text ${at}`, text: text.slice(at, end) });
    found.push({ key: call.id, call });
    at = end;
  }
  return [...found, { key: `text ${at}`, text: text.slice(at) }];
}

/** Longer JSON, in characters, stays as it is. */
const LONGEST_JSON = 200_000;
/** What is deeper is indented as much as this: indents would take more room than all that is said. */
const DEEPEST_INDENT = 32;

/** JSON with lines and indents; what is no JSON stays as it is. Numbers and strings are not touched. */
export function pretty(json: string): string {
  if (json.length > LONGEST_JSON) return json;
  try {
    JSON.parse(json);
  } catch {
    return json;
  }
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, DEEPEST_INDENT))}`;
  // Strings whole, then single marks, then everything else between them.
  const tokens = json.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  return tokens
    .map((token, at) => {
      const opens = token === "{" || token === "[";
      const closes = token === "}" || token === "]";
      if (closes) depth -= 1;
      const before = closes && !/^[{[]$/.test(tokens[at - 1] ?? "") ? line() : "";
      if (opens) depth += 1;
      const empty = /^[}\]]$/.test(tokens[at + 1] ?? "");
      const after = token === "," || (opens && !empty) ? line() : token === ":" ? " " : "";
      return before + token + after;
    })
    .join("");
}
