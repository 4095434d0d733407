import { expect, it } from "vitest";
import { pieces, saysSomething } from "./text";

const marked = (text: string, ...highlights: [number, number][]) =>
  pieces(text, highlights.map(([start, end]) => ({ start, end })))
    .map((piece) => (piece.hit ? `[${piece.text}]` : piece.text))
    .join("");

it.each(["", " \n\t", "\u00a0\u2003", "\u0085", "\u0000", "\u200b\u200d", "\ufeff", "\u202e\u200e", "\u00ad"])("says nothing: %j", (text) => {
  expect(saysSomething(text)).toBe(false);
});

it.each([".", " a ", "👩‍👩‍👧‍👦", "\ud800", "\u200bא"])("says something: %j", (text) => {
  expect(saysSomething(text)).toBe(true);
});

it("cuts a text at its highlights", () => {
  expect(marked("a blue sky", [2, 6], [7, 10])).toBe("a [blue] [sky]");
  expect(marked("blue", [0, 4])).toBe("[blue]");
  expect(marked("none")).toBe("none");
});

it("counts as the server does: a character beyond the first plane is two", () => {
  expect(marked("🌈 rainbow 日本語", [3, 10], [11, 13])).toBe("🌈 [rainbow] [日本]語");
});

it("keeps every character, whatever it is told", () => {
  for (const wrong of [[[3, 1]], [[0, 3], [2, 9]], [[50, 60]]] as [number, number][][]) {
    const text = marked("blue sky", ...wrong).replaceAll(/[[\]]/g, "");
    expect(text).toBe("blue sky");
  }
});
