/**
 * Cuts a text where a block surely ends, line by line, so that each piece can be read by itself: the
 * work for a text grows with its length, and what one piece has cannot make another one dear. It
 * keeps its place, so a text that grows is looked at once.
 */

export interface Segment {
  /** Where it begins in the text, and where it ends. */
  at: number;
  end: number;
  /** It is fenced code. */
  fence?: Fence | undefined;
}

export interface Fence {
  indent: number;
  /** The backticks or tildes that opened it. */
  mark: string;
  info: string;
  /** Where the code begins, and where it ends; the latter only once the fence is closed. */
  from: number;
  to?: number;
}

/** A list that is longer, in characters, is cut between two of its items. */
const LONG_LIST = 8_000;

const OPENING = /^( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)$/;
const MARKER = /^(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$)/;
const INDENTED_MARKER = /^ {0,3}(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$)/;
const HEADING = /^#{1,6}(?:[ \t]|$)/;

export class Segments {
  /** Where the current segment begins, and how far lines were looked at. */
  #start = 0;
  #seen = 0;
  #fence: Fence | undefined;
  #list = false;
  #blank = false;

  /** The segments that have ended since the last call. `text` begins with what was given then. */
  ended(text: string): Segment[] {
    const found: Segment[] = [];
    for (let end = text.indexOf("\n", this.#seen); end >= 0; end = text.indexOf("\n", this.#seen)) {
      this.#line(text.slice(this.#seen, end), this.#seen, end + 1, found);
      this.#seen = end + 1;
    }
    return found;
  }

  /** What follows them: the segment that may still grow. Nothing of it is remembered. */
  rest(text: string): Segment[] {
    const copy = new Segments();
    copy.#start = this.#start;
    copy.#seen = this.#seen;
    copy.#fence = this.#fence && { ...this.#fence };
    copy.#list = this.#list;
    copy.#blank = this.#blank;
    const found: Segment[] = [];
    if (copy.#seen < text.length) copy.#line(text.slice(copy.#seen), copy.#seen, text.length, found);
    copy.#cut(text.length, found);
    return found;
  }

  #line(line: string, at: number, end: number, found: Segment[]): void {
    if (this.#fence) {
      if (!closes(line, this.#fence)) return;
      this.#fence.to = at;
      this.#cut(end, found);
      return;
    }
    const blank = line.trim() === "";
    const opening = blank ? null : OPENING.exec(line);
    const [, indent = "", mark = "", info = ""] = opening ?? [];
    if (opening && !(this.#list && indent !== "")) {
      this.#cut(at, found);
      this.#fence = { indent: indent.length, mark, info, from: end };
    } else if (!blank && this.#ends(line, at)) {
      this.#cut(at, found);
    }
    this.#list ||= !blank && INDENTED_MARKER.test(line);
    this.#blank = blank;
  }

  /** Whether this line, which is not blank, begins a block whatever was before it. */
  #ends(line: string, at: number): boolean {
    if (/^\s/.test(line)) return false;
    if (HEADING.test(line)) return true;
    if (this.#list && MARKER.test(line)) return at - this.#start > LONG_LIST;
    return this.#blank;
  }

  #cut(end: number, found: Segment[]): void {
    if (end > this.#start) found.push({ at: this.#start, end, fence: this.#fence });
    this.#start = end;
    this.#fence = undefined;
    this.#list = false;
    this.#blank = false;
  }
}

function closes(line: string, fence: Fence): boolean {
  const run = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1];
  return run !== undefined && run[0] === fence.mark[0] && run.length >= fence.mark.length;
}
