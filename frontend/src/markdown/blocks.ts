/**
 * The blocks of a growing text. What has ended is read once and kept; only the piece that may still
 * grow is read again, and a long one not for every letter. So the work for an answer grows with its
 * length, and what stands on the screen is not touched again.
 */
import { Allowance, LONGEST_LINE } from "./bounds";
import { Reader, type Token } from "./lexer";
import { Segments, type Fence, type Segment } from "./segments";
import { complete } from "./unfinished";

export interface Block {
  /** Where it begins in the text; it keeps this place while it grows. */
  at: number;
  token: Token;
  /** Whether more text may still belong to it. */
  open: boolean;
}

/** A piece that is longer, in characters, is read again only when it has grown by this share. */
const SHORT = LONGEST_LINE;
const SHARE = 8;

export class Blocks {
  #text = "";
  #segments = new Segments();
  #reader = new Reader();
  #final: Block[] = [];
  /** Where the part begins that is read again. */
  #offset = 0;
  /** Where the text begins that is shown as it is; everything before it is final. */
  #plain: number | undefined;
  /** What was last read of the part that grows: up to where, and what it was. */
  #tail: { end: number; blocks: Block[] } | undefined;

  /** All blocks of `text`; `finished` says that it will not grow. */
  read(source: string, finished: boolean): Block[] {
    const text = source.includes("\r") ? source.replace(/\r\n?/g, "\n") : source;
    if (!text.startsWith(this.#text)) this.#restart();
    this.#text = text;
    if (finished) return this.#whole(text);
    this.#settle(text);
    return [...this.#final, ...this.#growing(text)];
  }

  #restart(): void {
    this.#segments = new Segments();
    this.#reader = new Reader();
    this.#final = [];
    this.#offset = 0;
    this.#plain = this.#tail = undefined;
  }

  /** Keeps the blocks of what has ended. */
  #settle(text: string): void {
    if (this.#plain !== undefined) return;
    for (const segment of this.#segments.ended(text)) {
      if (this.#reader.allowance.spent) {
        this.#plain = segment.at;
        break;
      }
      this.#final.push(...blocksOf(text, segment, this.#reader));
      this.#reader.lines();
      this.#offset = segment.end;
      this.#tail = undefined;
    }
  }

  #growing(text: string): Block[] {
    if (this.#plain !== undefined) return [plainBlock(text, this.#plain)];
    const tail = this.#tail;
    const length = tail ? tail.end - this.#offset : 0;
    if (tail && length > SHORT && (text.length - tail.end) * SHARE < length) {
      return [...tail.blocks, ...(text.length > tail.end ? [plainBlock(text, tail.end)] : [])];
    }
    const rest = this.#segments.rest(text);
    const blocks = readTail(text, rest);
    // Code takes no reading.
    const code = rest.at(-1)?.fence !== undefined;
    this.#tail = code ? undefined : { end: text.length, blocks: blocks.map((block) => ({ ...block, open: false })) };
    return blocks;
  }

  /**
   * Everything at once: a definition at the end may have made a link of a text far above it. Blocks
   * that are as they were stay the same objects, so that nothing on the screen changes.
   */
  #whole(text: string): Block[] {
    const known = new Map(this.#final.map((block) => [block.at, block]));
    const reader = new Reader();
    const segments = new Segments();
    const blocks: Block[] = [];
    for (const segment of [...segments.ended(text), ...segments.rest(text)]) {
      if (reader.allowance.spent) {
        blocks.push(plainBlock(text, segment.at));
        break;
      }
      blocks.push(...blocksOf(text, segment, reader));
    }
    reader.lines();
    const links = Object.keys(reader.tokens.links).length > 0;
    return blocks.map((block) => {
      const old = known.get(block.at);
      return old && !links && old.token.raw === block.token.raw ? old : block;
    });
  }
}

/**
 * The levels of the page's headings that stand for those among the blocks. Turns have the second
 * level, so answers begin with the third, whatever they call it, and skip none.
 */
export function headingLevels(blocks: Block[]): (number | undefined)[] {
  const above: number[] = [];
  return blocks.map(({ token }) => {
    if (token.type !== "heading") return undefined;
    while (above.length > 0 && above.at(-1)! >= token.depth) above.pop();
    above.push(token.depth);
    return Math.min(2 + above.length, 6);
  });
}

/** The blocks of what may still grow. */
function readTail(text: string, rest: Segment[]): Block[] {
  const reader = new Reader(Allowance.live());
  const blocks: Block[] = [];
  for (const segment of rest) {
    const last = segment === rest.at(-1) && !segment.fence;
    if (!last) blocks.push(...blocksOf(text, segment, reader));
    else blocks.push(...placed(reader.blocks(complete(text.slice(segment.at, segment.end))), segment.at));
  }
  reader.lines();
  for (const block of blocks.slice(-1)) block.open = true;
  return blocks;
}

function blocksOf(text: string, segment: Segment, reader: Reader): Block[] {
  if (segment.fence) return [{ at: segment.at, token: reader.code(codeOf(text, segment, segment.fence)), open: false }];
  return placed(reader.blocks(text.slice(segment.at, segment.end)), segment.at);
}

function codeOf(text: string, { at, end }: Segment, { from, to, indent, info }: Fence): Token {
  const code = text.slice(from, to ?? end).replace(/\n$/, "");
  return {
    type: "code",
    raw: text.slice(at, end),
    lang: info.trim(),
    text: indent > 0 ? code.replace(new RegExp(`^ {1,${indent}}`, "gm"), "") : code,
  };
}

/** Gives blocks their places and leaves out what shows nothing. */
function placed(tokens: Token[], offset: number): Block[] {
  const blocks: Block[] = [];
  let at = offset;
  for (const token of tokens) {
    if (token.type !== "space" && token.type !== "def") blocks.push({ at, token, open: false });
    at += token.raw.length;
  }
  return blocks;
}

function plainBlock(text: string, at: number): Block {
  return { at, token: { type: "plain", raw: text.slice(at) }, open: false };
}
