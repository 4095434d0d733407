/**
 * What is spent on a text at most. A model writes what it likes, and so does the author of what it
 * repeats: the marks of Markdown can be nested without end, and reading them takes time that grows
 * with the square of the length. Whatever would go beyond is shown as the text it is.
 */

/** How many blocks, and how much emphasis, can be within one another. */
export const DEEPEST = 16;
/** The longest block, in characters, that is read; code may be longer. */
export const LONGEST_BLOCK = 64_000;
/** Longer lines are read in pieces of so many characters. */
export const LONGEST_LINE = 4_000;
/** The longest formula, in characters. */
export const LONGEST_FORMULA = 2_000;
/** The most cells of a table. Rows are filled up to the width of the first, whatever they hold. */
export const MOST_CELLS = 10_000;

/** The parts that one text is drawn of, about as many as elements in the page. */
export const MOST_PARTS = 30_000;
/**
 * The steps that one text may take: a block takes its length for each of its lines, a line its
 * length for each mark in it. A million are about ten milliseconds at worst.
 */
export const MOST_STEPS = 30_000_000;
/** Those of the end of a text that grows, which is read again and again. */
const MOST_STEPS_LIVE = 4_000_000;

/** What may begin something in a line, or has to be looked at closely. */
const MARKS = /[\\`*_~[\]<!$@&(:\n]|  |\t/g;

/** What is left for one text. */
export class Allowance {
  parts = 0;
  steps = 0;

  constructor(private readonly mostSteps = MOST_STEPS) {}

  static live(): Allowance {
    return new Allowance(MOST_STEPS_LIVE);
  }

  /** Nothing more is to be read. */
  get spent(): boolean {
    return this.parts >= MOST_PARTS;
  }

  /** Whether a block with this source may be read; takes the steps if so. */
  block(source: string): boolean {
    return source.length <= LONGEST_BLOCK && this.#take(source.length * count(source, /\n/g));
  }

  /** Whether the marks of this line may be looked for. */
  line(source: string): boolean {
    return this.#take(source.length * count(source, MARKS));
  }

  #take(steps: number): boolean {
    if (this.spent || this.steps + steps > this.mostSteps) return false;
    this.steps += steps;
    return true;
  }
}

/** How many parts of the page a token becomes by itself, and what it takes to draw it. */
export function weight({ type, raw }: { type: string; raw: string }, block: boolean): number {
  if (type === "code") return 25;
  if (type === "math") return 20 + raw.length;
  return type === "heading" ? 10 : block ? 4 : 1;
}

function count(source: string, what: RegExp): number {
  let found = 1;
  for (const _ of source.matchAll(what)) found += 1;
  return found;
}
