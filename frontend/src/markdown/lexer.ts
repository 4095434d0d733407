/** Markdown to tokens. No HTML is made of them anywhere; components render each kind. */
import { Lexer, Marked, Tokenizer, type Token, type TokenizerExtension, type Tokens, type TokensList } from "marked";
import { Allowance, DEEPEST, LONGEST_FORMULA, LONGEST_LINE, MOST_CELLS, weight } from "./bounds";

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

const inlineMath: TokenizerExtension = {
  name: "math",
  level: "inline",
  // Also before what ends every text: so the search does not go over all that follows each time.
  start: (source) => {
    const at = source.search(/[$\\\n[<]/);
    return at < 0 ? undefined : at;
  },
  tokenizer(source) {
    if (source[0] !== "$" && source[0] !== "\\") return undefined;
    const window = source.slice(0, LONGEST_FORMULA);
    for (const rule of INLINE) {
      const found = rule.exec(window);
      const text = found?.[1]?.trim();
      if (found && text) {
        const display = found[0].startsWith("$$") || found[0].startsWith("\\[");
        return { type: "math", raw: found[0], text, display } satisfies MathToken;
      }
    }
    return undefined;
  },
};

const REST_OF_LINE = /[ \t]*(?:\n+|$)/y;

const blockMath: TokenizerExtension = {
  name: "math",
  level: "block",
  start: (source) => {
    const at = source.search(/^ {0,3}(?:\$\$|\\\[)/m);
    return at < 0 ? undefined : at;
  },
  tokenizer(source) {
    const opening = /^ {0,3}(\$\$|\\\[)/.exec(source);
    if (!opening) return undefined;
    const closing = opening[1] === "$$" ? "$$" : "\\]";
    const from = opening[0].length;
    const to = source.slice(0, from + LONGEST_FORMULA).indexOf(closing, from);
    if (to < 0) return undefined;
    REST_OF_LINE.lastIndex = to + closing.length;
    const rest = REST_OF_LINE.exec(source);
    const text = source.slice(from, to).trim();
    // A blank line ends every other block, so it cannot be within this one.
    if (!rest || text === "" || /\n[ \t]*\n/.test(text)) return undefined;
    return { type: "math", raw: source.slice(0, to + closing.length + rest[0].length), text, display: true } satisfies MathToken;
  },
};

class Cells extends Tokenizer {
  override table(source: string): Tokens.Table | undefined {
    const [, header = "", , rows = ""] = this.rules.block.table.exec(source) ?? [];
    const cells = header.split("|").length * rows.split("\n").length;
    if (cells > MOST_CELLS) return undefined;
    const table = super.table(source);
    if (table) (this.lexer as Reader).allowance.parts += cells;
    return table;
  }
}

const { defaults } = new Marked({ gfm: true, breaks: true }, { extensions: [inlineMath, blockMath] });

/** Reads the blocks of one text, piece after piece, within what it may cost. */
export class Reader extends Lexer {
  #depth = 0;

  constructor(readonly allowance = new Allowance()) {
    super({ ...defaults, tokenizer: new Cells() });
  }

  /** The blocks of a piece. Their lines are read later, when the definitions of all are known. */
  blocks(source: string): Token[] {
    try {
      return this.blockTokens(source, []);
    } catch {
      // A mistake of the library is no reason to show nothing.
      return [this.#plain(source)];
    }
  }

  /** A block that takes no reading. */
  code(token: Token): Token {
    this.allowance.parts += weight(token, true);
    return token;
  }

  /** Reads the lines of all blocks. */
  lines(): void {
    for (const { src, tokens } of this.inlineQueue) {
      this.state.inRawBlock = false;
      try {
        this.inlineTokens(src, tokens);
      } catch {
        tokens.splice(0, tokens.length, text(src));
      }
    }
    this.inlineQueue = [];
  }

  override blockTokens(source: string, tokens?: Token[], clipped?: boolean): Token[];
  override blockTokens(source: string, tokens?: TokensList, clipped?: boolean): TokensList;
  override blockTokens(source: string, tokens: Token[] = [], clipped = false): Token[] {
    if (this.#depth > DEEPEST || !this.allowance.block(source)) {
      tokens.push(this.#plain(source));
      return tokens;
    }
    return this.#within(tokens, true, () => super.blockTokens(source, tokens, clipped));
  }

  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    for (const piece of pieces(source)) {
      if (this.#depth > DEEPEST || !this.allowance.line(piece)) {
        tokens.push(text(piece));
      } else {
        this.#within(tokens, false, () => super.inlineTokens(piece, tokens));
      }
    }
    return tokens;
  }

  #plain(raw: string): Token {
    this.allowance.parts += 4;
    return { type: "plain", raw };
  }

  /** One level deeper; what is found there is counted. */
  #within(tokens: Token[], blocks: boolean, read: () => Token[]): Token[] {
    const before = tokens.length;
    this.#depth += 1;
    try {
      read();
    } finally {
      this.#depth -= 1;
    }
    for (const token of tokens.slice(before)) this.allowance.parts += weight(token, blocks);
    return tokens;
  }
}

function text(raw: string): Tokens.Text {
  return { type: "text", raw, text: raw, escaped: false };
}

/** A line in pieces that are not too long, cut at a space where there is one. */
function pieces(source: string): string[] {
  const found: string[] = [];
  let at = 0;
  while (source.length - at > LONGEST_LINE) {
    const space = source.slice(at, at + LONGEST_LINE).lastIndexOf(" ");
    const end = at + (space > 0 ? space + 1 : LONGEST_LINE);
    found.push(source.slice(at, end));
    at = end;
  }
  return [...found, source.slice(at)];
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
