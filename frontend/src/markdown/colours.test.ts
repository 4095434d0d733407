import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Colours, type Thread } from "./colours";
import { highlight, type Piece } from "./highlight";

const text = (pieces: Piece[]) => pieces.filter((piece) => typeof piece === "string").join("");

function deepest(pieces: Piece[]): number {
  let [depth, most] = [0, 0];
  for (const piece of pieces) {
    if (piece === null) depth -= 1;
    else if (typeof piece !== "string") most = Math.max(most, ++depth);
  }
  expect(depth).toBe(0);
  return most;
}

describe("s13 coloured code", () => {
  it.each([
    ["csharp", '$"{'],
    ["javascript", "`${"],
    ["bash", "${"],
    ["rust", "/*"],
    ["python", "@a("],
    ["php", "fn a("],
    ["xml", "<a "],
    ["xml", "<script>`${"],
    ["json", "{"],
    ["sql", "="],
  ])("is neither deep nor many spans, and nothing is lost: %s %s", (language, unit) => {
    const code = unit.repeat(2_000);
    const pieces = highlight(code, language)!;
    expect(text(pieces)).toBe(code);
    expect(deepest(pieces)).toBeLessThanOrEqual(8);
    expect(pieces.filter((piece) => piece === null).length).toBeLessThanOrEqual(5_000);
  });

  it.each([
    ["xml", `<script>${"=1".repeat(24_000)}</script>`],
    ["javascript", "`${".repeat(16_000)],
    ["bash", "$(".repeat(24_000)],
  ])("is bounded where it is as long as may be: %s", (language, code) => {
    const pieces = highlight(code, language)!;
    expect(text(pieces)).toBe(code);
    expect(deepest(pieces)).toBeLessThanOrEqual(8);
    expect(pieces.filter((piece) => piece === null).length).toBeLessThanOrEqual(5_000);
  });

  it("is what it was: names within names", () => {
    expect(highlight('let a = `x${1}`; // b', "javascript")).toEqual([
      { class: "hljs-keyword" }, "let", null, " a = ",
      { class: "hljs-string" }, "`x", { class: "hljs-subst" }, "${", { class: "hljs-number" }, "1", null, "}", null, "`", null, "; ",
      { class: "hljs-comment" }, "// b", null,
    ]);
    // A name of several parts, the name of another language within, and texts that are one.
    expect(highlight("class A {}", "typescript")).toEqual([
      { class: "hljs-keyword" }, "class", null, " ", { class: "hljs-title class_" }, "A", null, " {}",
    ]);
    expect(highlight("<script>let a</script>", "xml")!.slice(0, 11)).toEqual([
      { class: "hljs-tag" }, "<", { class: "hljs-name" }, "script", null, ">", null,
      { class: "hljs-keyword" }, "let", null, " a",
    ]);
    expect(text(highlight("<style>a { color: red }</style>", "html")!)).toBe("<style>a { color: red }</style>");
    expect(highlight("a", "no language")).toBeUndefined();
  });
});

describe("s13 the thread that colours", () => {
  class Fake implements Thread {
    static all: Fake[] = [];
    onmessage: Thread["onmessage"] = null;
    onerror: Thread["onerror"] = null;
    asked: string[] = [];
    ended = false;
    constructor() {
      Fake.all.push(this);
    }
    postMessage({ code }: { code: string }) {
      this.asked.push(code);
    }
    terminate() {
      this.ended = true;
    }
    answer() {
      this.onmessage!.call(this as unknown as Worker, { data: [this.asked.at(-1)] } as MessageEvent);
    }
  }

  beforeEach(() => {
    Fake.all = [];
    vi.useFakeTimers();
  });
  afterEach(() => void vi.useRealTimers());

  const told: (Piece[] | undefined)[] = [];
  const tell = (pieces: Piece[] | undefined) => void told.push(pieces);
  beforeEach(() => void (told.length = 0));

  it("takes one piece after the other", () => {
    const colours = new Colours(() => new Fake());
    colours.ask("a", "js", tell);
    colours.ask("b", "js", tell);
    expect(Fake.all[0]!.asked).toEqual(["a"]);
    Fake.all[0]!.answer();
    Fake.all[0]!.answer();
    expect(told).toEqual([["a"], ["b"]]);
    expect(Fake.all).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is ended when it does not answer, and the next code gets another", () => {
    const colours = new Colours(() => new Fake());
    colours.ask("endless", "js", tell);
    colours.ask("b", "js", tell);
    vi.advanceTimersByTime(2_000);
    expect(Fake.all[0]!.ended).toBe(true);
    expect(told).toEqual([undefined]);
    Fake.all[1]!.answer();
    expect(told).toEqual([undefined, ["b"]]);
  });

  it("is not begun again and again", () => {
    const colours = new Colours(() => new Fake());
    for (let at = 0; at < 10; at += 1) colours.ask("endless", "js", tell);
    vi.advanceTimersByTime(60_000);
    expect(Fake.all).toHaveLength(3);
    colours.ask("b", "js", tell);
    expect(Fake.all).toHaveLength(3);
  });

  it("does not work for what is gone, too long, or where there is none", () => {
    const colours = new Colours(() => new Fake());
    colours.ask("a", "js", tell);
    colours.ask("b", "js", tell)();
    colours.ask("c".repeat(50_001), "js", tell);
    Fake.all[0]!.answer();
    expect(Fake.all[0]!.asked).toEqual(["a"]);
    const none = new Colours(() => {
      throw new Error("no threads here");
    });
    none.ask("a", "js", tell);
    expect(told).toEqual([["a"], undefined]);
  });
});
