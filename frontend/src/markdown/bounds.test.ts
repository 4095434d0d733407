import { afterEach, describe, expect, it, vi } from "vitest";
import { HOSTILE } from "../testing/hostile";
import { Blocks, type Block } from "./blocks";
import { Allowance, DEEPEST, MOST_PARTS, MOST_STEPS } from "./bounds";
import { Reader, type Token, type Tokens } from "./lexer";
import { LONGEST_ADDRESS, safeLink } from "../api/links";
import { complete } from "./unfinished";

/** How many tokens there are, and how many are within one another. */
function measure(blocks: Block[]): { tokens: number; depth: number } {
  let [tokens, depth] = [0, 0];
  let level = blocks.map((block) => block.token);
  while (level.length > 0) {
    tokens += level.length;
    depth += 1;
    level = level.flatMap(within);
  }
  return { tokens, depth };
}

function within(token: Token): Token[] {
  if (token.type === "list") return (token as Tokens.List).items;
  if (token.type !== "table") return (token as Tokens.Generic).tokens ?? [];
  const { header, rows } = token as Tokens.Table;
  return [header, ...rows].flatMap((row) => row.map((cell) => ({ type: "cell", raw: cell.text, tokens: cell.tokens })));
}

/** What of the text no block has: only white space and definitions. */
function missing(text: string, blocks: Block[]): string {
  let at = 0;
  let rest = "";
  for (const block of blocks) {
    rest += text.slice(at, block.at);
    at = Math.max(at, block.at + block.token.raw.length);
  }
  return (rest + text.slice(at)).replace(/^\[[^\]]*\]:.*$/gm, "").trim();
}

/** Blocks and lines are nested in lists, quotes and emphasis, and each has a text at its end. */
const MOST_DEPTH = 3 * (DEEPEST + 2);

afterEach(() => void vi.restoreAllMocks());

describe.each(Object.entries(HOSTILE))("s13 %s", (_, make) => {
  it.each([60_000, 1_000_000])("costs no more than it may, and all of it is shown: %i", (size) => {
    const allowances = new Set<Allowance>();
    for (const name of ["block", "line"] as const) {
      const take = Allowance.prototype[name];
      vi.spyOn(Allowance.prototype, name).mockImplementation(function (this: Allowance, source) {
        allowances.add(this);
        return take.call(this, source);
      });
    }
    const text = make(size);
    const blocks = new Blocks().read(text, true);
    const { tokens, depth } = measure(blocks);
    expect(depth).toBeLessThanOrEqual(MOST_DEPTH);
    // A piece is begun while there is something left, and its lines are read after all blocks.
    expect(tokens).toBeLessThan(4 * MOST_PARTS);
    for (const allowance of allowances) expect(allowance.steps).toBeLessThanOrEqual(MOST_STEPS);
    expect(missing(text.replace(/\r\n?/g, "\n"), blocks)).toBe("");
  });

  it("is read a few times while it grows, not once for every letter", () => {
    const text = make(60_000);
    let read = 0;
    const original = Reader.prototype.blocks;
    vi.spyOn(Reader.prototype, "blocks").mockImplementation(function (this: Reader, source) {
      read += source.length;
      return original.call(this, source);
    });
    const blocks = new Blocks();
    let frames = 0;
    for (let end = 100; end < text.length; end += 100) {
      blocks.read(text.slice(0, end), false);
      frames += 1;
    }
    // What is shorter than a page is read with every frame; a long piece when it has grown by an eighth.
    expect(read).toBeLessThan(14 * text.length + frames * 5_000);
    // The end is what it would have been at once.
    const raw = (all: Block[]) => all.map((block) => block.token.raw);
    expect(raw(blocks.read(text, true))).toEqual(raw(new Blocks().read(text, true)));
  });
});

describe("s13 a text that grows", () => {
  it("shows each letter at once, also of a piece that is not read again yet", () => {
    const text = `${"word ".repeat(4_000)}end`;
    const blocks = new Blocks();
    for (let end = 15_000; end <= text.length; end += 7) {
      const shown = blocks.read(text.slice(0, end), false);
      expect(shown.map((block) => block.token.raw).join("")).toBe(text.slice(0, end));
    }
  });

  it("keeps its places when there is too much of it", () => {
    const text = "a\n\n".repeat(40_000);
    const blocks = new Blocks();
    blocks.read(text.slice(0, 90_000), false);
    const before = blocks.read(text.slice(0, 110_000), false);
    const after = blocks.read(text, false);
    expect(after.length).toBe(before.length);
    expect(after.at(-1)!.token.type).toBe("plain");
    expect(after.slice(0, -1).every((block, at) => block === before[at])).toBe(true);
  });
});

describe("s13 what people mean", () => {
  it("is formatted as before: long lists, tables, paragraphs and code", () => {
    const list = Array.from({ length: 1_500 }, (_, at) => `${at + 1}. item **${at + 1}** with \`code\` in it`).join("\n");
    const items = new Blocks().read(list, true).flatMap((block) => (block.token as Tokens.List).items);
    expect(items).toHaveLength(1_500);
    expect(items.every((item) => JSON.stringify(item.tokens).includes('"strong"'))).toBe(true);
    // A long list goes on with its numbers.
    expect(new Blocks().read(list, true).map((block) => (block.token as Tokens.List).start)[1]).toBeGreaterThan(100);

    const table = `| a | b | c |\n|---|---|---|\n${"| one | **two** | `three` |\n".repeat(1_000)}`;
    expect((new Blocks().read(table, true)[0]!.token as Tokens.Table).rows).toHaveLength(1_000);

    const paragraph = "Some words, **bold** ones and [a link](https://example.org/x) too. ".repeat(300);
    const { tokens } = new Blocks().read(paragraph, true)[0]!.token as Tokens.Paragraph;
    expect(tokens.filter((token) => token.type === "strong")).toHaveLength(300);
    expect(tokens.filter((token) => token.type === "link").length).toBeGreaterThan(290);

    const formulas = Array.from({ length: 300 }, (_, at) => `Then $x_${at}^2 + y$ and\n\n$$\nz = ${at}\n$$`).join("\n\n");
    const shown = JSON.stringify(new Blocks().read(formulas, true).map((block) => block.token));
    expect(shown.match(/"type":"math"/g)).toHaveLength(600);

    const code = `\`\`\`js\n${"let a = 1;\n\n".repeat(20_000)}\`\`\`\nand **then**`;
    const [first, second] = new Blocks().read(code, true);
    expect((first!.token as Tokens.Code).text).toBe("let a = 1;\n\n".repeat(20_000).slice(0, -1));
    expect(second!.token.type).toBe("paragraph");
  });

  it("has addresses that are not too long", () => {
    expect(safeLink(`https://example.org/${"a".repeat(LONGEST_ADDRESS)}`)).toBeUndefined();
    expect(safeLink(`https://example.org/${"a".repeat(2_000)}`)).toBeDefined();
  });

  it("is completed while it is short", () => {
    expect(complete(`${"a ".repeat(100)}**b`)).toMatch(/\*\*$/);
    const long = `${"a~~ **b ".repeat(2_000)}`;
    expect(complete(long)).toBe(long);
  });
});
