/**
 * The blocks of a growing text. All but the last two are final: they are kept, and only the rest of
 * the text is read again when it grows. So the work for an answer grows with its length, and what
 * stands on the screen is not touched again.
 */
import { lex, type Token } from "./lexer";
import { complete } from "./unfinished";

export interface Block {
  /** Where it begins in the text; it keeps this place while it grows. */
  at: number;
  token: Token;
  /** Whether more text may still belong to it. */
  open: boolean;
}

/** How many blocks at the end may still change: a list goes on after a blank line. */
const UNSURE = 2;

export class Blocks {
  #text = "";
  #final: Block[] = [];
  /** Where the part begins that is read again. */
  #offset = 0;

  /** All blocks of `text`; `finished` says that it will not grow. */
  read(text: string, finished: boolean): Block[] {
    if (!text.startsWith(this.#text)) {
      this.#final = [];
      this.#offset = 0;
    }
    this.#text = text;
    if (finished) return this.#whole(text);
    this.#settle(placed(lex(text.slice(this.#offset)), this.#offset));
    const tail = placed(lex(complete(text.slice(this.#offset))), this.#offset);
    for (const block of tail.slice(-1)) block.open = true;
    return [...this.#final, ...tail];
  }

  /** Keeps the blocks that cannot change any more. */
  #settle(blocks: Block[]): void {
    const count = blocks.length - UNSURE;
    if (count <= 0) return;
    this.#final = [...this.#final, ...blocks.slice(0, count)];
    this.#offset = blocks[count]!.at;
  }

  /**
   * Everything at once: a definition at the end may have made a link of a text far above it. Blocks
   * that are as they were stay the same objects, so that nothing on the screen changes.
   */
  #whole(text: string): Block[] {
    const known = new Map(this.#final.map((block) => [block.at, block]));
    const tokens = lex(text);
    const links = Object.keys(tokens.links).length > 0;
    return placed(tokens, 0).map((block) => {
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
