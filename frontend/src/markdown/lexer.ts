/** Markdown to tokens. No HTML is made of them anywhere; components render each kind. */
import { Marked, type Token, type TokenizerExtension, type Tokens } from "marked";

export type { Token, Tokens };

/** A formula, in a line or as a block of its own. */
export interface MathToken {
  type: "math";
  raw: string;
  text: string;
  display: boolean;
}

// A dollar sign opens a formula only before a character that is no space, and closes it only after
// one and not before a digit: "$5 and $10" are prices.
const INLINE = [
  /^\$\$(?!\$)((?:\\.|[^\\$])+?)\$\$/,
  /^\$(?![\s$])((?:\\.|[^\\$\n])*?(?:\\.|[^\\$\s]))\$(?![\d\p{L}$])/u,
  /^\\\(([^\n]+?)\\\)/,
  /^\\\[([\s\S]+?)\\\]/,
];
const BLOCK = [
  /^ {0,3}\$\$[ \t]*\n?([\s\S]+?)\n?[ \t]*\$\$[ \t]*(?:\n+|$)/,
  /^ {0,3}\\\[[ \t]*\n?([\s\S]+?)\n?[ \t]*\\\][ \t]*(?:\n+|$)/,
];

const inlineMath: TokenizerExtension = {
  name: "math",
  level: "inline",
  start: (source) => {
    const at = source.search(/\$|\\[([]/);
    return at < 0 ? undefined : at;
  },
  tokenizer(source) {
    for (const rule of INLINE) {
      const found = rule.exec(source);
      const text = found?.[1]?.trim();
      if (found && text) {
        const display = found[0].startsWith("$$") || found[0].startsWith("\\[");
        return { type: "math", raw: found[0], text, display } satisfies MathToken;
      }
    }
    return undefined;
  },
};

const blockMath: TokenizerExtension = {
  name: "math",
  level: "block",
  start: (source) => {
    const at = source.search(/^ {0,3}(?:\$\$|\\\[)/m);
    return at < 0 ? undefined : at;
  },
  tokenizer(source) {
    for (const rule of BLOCK) {
      const found = rule.exec(source);
      const text = found?.[1]?.trim();
      // A blank line ends every other block, so it cannot be within this one.
      if (found && text && !/\n\s*\n/.test(text)) {
        return { type: "math", raw: found[0], text, display: true } satisfies MathToken;
      }
    }
    return undefined;
  },
};

const marked = new Marked({ gfm: true, breaks: true }, { extensions: [inlineMath, blockMath] });

/** The blocks of a text. */
export function lex(text: string): Token[] & { links: Record<string, unknown> } {
  return marked.lexer(text);
}

/** Text as people read it: `&amp;` and the like become what they stand for. */
export function plain(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-zA-Z]+));/g, (whole, dec, hex, name) => {
    if (name) return ENTITIES[name] ?? whole;
    const code = dec ? Number(dec) : parseInt(hex, 16);
    const valid = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    return valid ? String.fromCodePoint(code) : "\ufffd";
  });
}

const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  copy: "©",
  reg: "®",
  trade: "™",
  mdash: "—",
  ndash: "–",
  hellip: "…",
  times: "×",
  middot: "·",
  bull: "•",
  deg: "°",
  rarr: "→",
  larr: "←",
  le: "≤",
  ge: "≥",
  ne: "≠",
  euro: "€",
};
