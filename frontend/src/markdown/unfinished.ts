/**
 * Makes the end of a text that is still growing look like what it will probably become: closes
 * emphasis and code, hides half links and the first line of a table. Without this, half-written
 * syntax flickers on the screen.
 */

import { LONGEST_LINE } from "./bounds";

/** Longer links are shown as they are until they are complete. */
const LONGEST_LINK = 2_000;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/** `text` with its end completed. */
export function complete(text: string): string {
  const { fenced, paragraph } = lastParagraph(text);
  // A longer paragraph is read in pieces, and what is open in one ends with it.
  if (fenced || text.length - paragraph > LONGEST_LINE) return text;
  const before = text.slice(0, paragraph);
  const last = text.slice(paragraph);
  const formula = openFormula(last);
  if (formula >= 0) return before + last.slice(0, formula);
  if (isTableHead(last)) return before;
  return before + closeInline(last.replace(MARKER, ""));
}

/** A line that may become a list, a heading or a rule, but has not yet. */
const MARKER = /(?:^|\n)[ \t>]*(?:[-=*+_#]+|\d{1,9}[.)]?)[ \t]*$/;

/** Where the last paragraph begins, and whether it is within fenced code. */
function lastParagraph(text: string): { fenced: boolean; paragraph: number } {
  let fence = "";
  let paragraph = 0;
  let at = 0;
  for (const line of text.split("\n")) {
    const mark = FENCE.exec(line)?.[1];
    if (fence) {
      if (mark && mark[0] === fence[0] && mark.length >= fence.length && !line.trim().slice(mark.length)) {
        fence = "";
        paragraph = at + line.length + 1;
      }
    } else if (mark) {
      fence = mark;
    } else if (line.trim() === "" && at < text.length) {
      paragraph = at + line.length + 1;
    }
    at += line.length + 1;
  }
  return { fenced: fence !== "", paragraph: Math.min(paragraph, text.length) };
}

/** Where a displayed formula begins that has no end yet; -1 if there is none. */
function openFormula(text: string): number {
  const dollars = text.split("$$").length - 1;
  if (dollars % 2 === 1) return text.lastIndexOf("$$");
  const bracket = text.lastIndexOf("\\[");
  return bracket >= 0 && !text.includes("\\]", bracket) ? bracket : -1;
}

/** A line with bars that has no row of dashes below it yet. */
function isTableHead(text: string): boolean {
  const [head = "", rule] = text.split("\n");
  if (!/^ {0,3}\|/.test(head)) return false;
  return rule === undefined || (text.split("\n").length === 2 && !/^[ \t]*\|?[ \t]*:?-+:?[ \t]*\|.*-:?[ \t]*\|?[ \t]*$/.test(rule));
}

interface Mark {
  text: string;
  /** Where what it encloses begins. */
  inside: number;
}

// Looked for at one place of the text, without copying what follows it.
const TICKS = /`+/y;
const OPENING = /!?\[/y;
const RUN = /\*{1,3}|_{1,3}|~~/y;

function found(rule: RegExp, text: string, at: number): string | undefined {
  rule.lastIndex = at;
  return rule.exec(text)?.[0];
}

/** Closes code, emphasis and links that are open at the end. */
function closeInline(text: string): string {
  const open: Mark[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === "\\") {
      at += 2;
      continue;
    }
    const ticks = found(TICKS, text, at);
    if (ticks) {
      const end = closingTicks(text, at + ticks.length, ticks);
      if (end < 0) {
        if (at + ticks.length >= text.length) return finish(text.slice(0, at), open);
        return finish(`${text}${text.endsWith("`") ? " " : ""}${ticks}`, open);
      }
      at = end;
      continue;
    }
    const link = found(OPENING, text, at);
    // Half a link is at the end, and short.
    if (link && text.length - at <= LONGEST_LINK) {
      const half = halfLink(text.slice(at), link);
      if (half !== undefined) return finish(text.slice(0, at) + half, open);
    }
    const run = found(RUN, text, at);
    if (run) {
      emphasis(text, at, run, open);
      at += run.length;
      continue;
    }
    at += 1;
  }
  return finish(text, open);
}

/** The end of a code span; a run of another length does not close it. */
function closingTicks(text: string, from: number, ticks: string): number {
  for (const run of text.slice(from).matchAll(/`+/g)) {
    if (run[0].length === ticks.length) return from + run.index + ticks.length;
  }
  return -1;
}

/** What to show of a link that has no end; undefined if it has one or is none. */
function halfLink(rest: string, opening: string): string | undefined {
  const label = rest.indexOf("]", opening.length);
  if (label < 0) {
    // Texts in brackets that go over lines are no links.
    if (rest.includes("\n")) return undefined;
    return opening === "![" ? "" : rest.slice(1);
  }
  if (label === rest.length - 1) return opening === "![" ? "" : undefined;
  if (rest[label + 1] !== "(" || /[)\s]/.test(rest.slice(label + 2))) return undefined;
  return opening === "![" ? "" : rest.slice(1, label);
}

function emphasis(text: string, at: number, run: string, open: Mark[]): void {
  const before = text[at - 1] ?? " ";
  const after = text[at + run.length] ?? " ";
  const word = /[\p{L}\p{N}]/u;
  const index = open.findLastIndex((mark) => mark.text === run);
  if (index >= 0 && !/\s/.test(before)) {
    open.length = index;
    return;
  }
  if (run[0] === "_" && word.test(before)) return;
  const atEnd = at + run.length >= text.length;
  if (atEnd || !/\s/.test(after)) open.push({ text: run, inside: at + run.length });
}

/** Appends what closes the marks; a mark that encloses nothing yet is taken away. */
function finish(text: string, open: Mark[]): string {
  let end = text.trimEnd();
  const space = text.slice(end.length);
  const marks = [...open];
  while (marks.length > 0 && marks.at(-1)!.inside >= end.length) {
    const mark = marks.pop()!;
    end = end.slice(0, Math.min(end.length, mark.inside - mark.text.length));
  }
  if (marks.length === 0) return end + space;
  // Half of a closing mark is at the end: "**bold*".
  const last = marks.at(-1)!.text;
  if (last.length > 1 && end.endsWith(last[0]!) && !end.endsWith(last)) end = end.slice(0, -1);
  return end + marks.reverse().map((mark) => mark.text).join("") + space;
}
