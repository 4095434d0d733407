import { describe, expect, it } from "vitest";
import { Blocks, headingLevels } from "./blocks";
import { plain, Reader, type Token } from "./lexer";
import { destination, safeLink } from "../api/links";
import { complete } from "./unfinished";

const REFERENCE = `# Title

A paragraph with **bold**, *em*, \`code\` and [a link](https://example.org/x).
Second line.

- one
- two

  still two
- three

1. first
2. second

| a | b |
|---|---|
| 1 | \`x\` |

\`\`\`ts
const a = 1;

const b = \`\${a}\`;
\`\`\`

> quoted
> text

$$
\\frac{a}{b}
$$

Inline $x^2$ and \\(y\\), prices $5 and $10.

Setext
------

End.`;

function lex(text: string): Token[] {
  const reader = new Reader();
  const blocks = reader.blocks(text);
  reader.lines();
  return blocks;
}

describe("formulas", () => {
  const kinds = (text: string) =>
    (lex(text)[0] as { tokens?: { type: string; raw: string }[] }).tokens
      ?.filter((token) => token.type === "math")
      .map((token) => token.raw);

  it("are told from prices", () => {
    expect(kinds("It costs $5 and $10.")).toEqual([]);
    expect(kinds("From $5-$10, US$3 or $7")).toEqual([]);
    expect(kinds("an env $HOME or $PATH")).toEqual([]);
    expect(kinds("so $x^2$ and \\(y_1\\).")).toEqual(["$x^2$", "\\(y_1\\)"]);
    expect(kinds("$a$, $b$")).toEqual(["$a$", "$b$"]);
  });

  it("are not looked for in code", () => {
    expect(kinds("`$x$` and `\\(y\\)`")).toEqual([]);
    expect(lex("```\n$$\nx\n$$\n```")[0]).toMatchObject({ type: "code" });
  });

  it("can be blocks", () => {
    expect(lex("$$\n\\sum_i x_i\n$$\n\ntext")[0]).toMatchObject({ type: "math", text: "\\sum_i x_i" });
    expect(lex("\\[ a = b \\]")[0]).toMatchObject({ type: "math", text: "a = b", display: true });
    expect(lex("text\n\n$$x$$\n")[2]).toMatchObject({ type: "math", text: "x" });
  });
});

describe("links", () => {
  it("lead to the web or to mail, or nowhere", () => {
    expect(safeLink("https://example.org/a b")).toBe("https://example.org/a%20b");
    expect(safeLink("mailto:ada@example.org")).toBe("mailto:ada@example.org");
    expect(["https://example.org:8080/a", "mailto:ada@example.org"].map(destination)).toEqual(["example.org:8080", "ada@example.org"]);
    const refused = ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x"];
    for (const href of [...refused, "java\nscript:alert(1)", "&#106;avascript:alert(1)", "/api/me", "file:///x", ""]) {
      expect(safeLink(href), href).toBeUndefined();
    }
  });
});

describe("entities", () => {
  it("become what they stand for, and never markup", () => {
    expect(plain("a &amp; b &lt;b&gt; &#39;&#x1F600; &unknown; &#0; &")).toBe("a & b <b> '😀 &unknown; \ufffd &");
  });
});

describe("blocks of a growing text", () => {
  it("end up as if the text had been read at once, however it is cut", () => {
    const whole = new Blocks().read(REFERENCE, true).map((block) => block.token);
    for (const step of [1, 2, 3, 7, 50]) {
      const blocks = new Blocks();
      for (let end = step; end < REFERENCE.length; end += step) {
        blocks.read(REFERENCE.slice(0, end), false);
      }
      const tokens = blocks.read(REFERENCE, true).map((block) => block.token);
      expect(tokens).toEqual(whole);
    }
  });

  it("are those of the text as a whole", () => {
    const bare = (token: Token) => JSON.stringify(token, (name, value) => (name === "raw" ? undefined : value));
    const whole = lex(REFERENCE).filter((token) => token.type !== "space");
    const cut = new Blocks().read(REFERENCE, true).map((block) => block.token);
    expect(cut.map(bare)).toEqual(whole.map(bare));
  });

  it("show no half-written syntax on the way", () => {
    const blocks = new Blocks();
    for (let end = 1; end < REFERENCE.length; end += 1) {
      const shown = blocks.read(REFERENCE.slice(0, end), false);
      const paragraphs = shown.filter((block) => block.token.type === "paragraph");
      for (const { token } of paragraphs) {
        const text = (token as { tokens: { type: string; raw: string }[] }).tokens
          .filter((inline) => inline.type === "text")
          .map((inline) => inline.raw)
          .join("");
        expect(text, REFERENCE.slice(0, end)).not.toMatch(/\*\*|\]\(|^\||`/);
      }
    }
  });

  it("keep finished blocks as they are", () => {
    const blocks = new Blocks();
    const first = blocks.read("one\n\ntwo\n\nthree\n\nfour", false)[0];
    const later = blocks.read("one\n\ntwo\n\nthree\n\nfour\n\nfive", false)[0];
    const last = blocks.read("one\n\ntwo\n\nthree\n\nfour\n\nfive", true)[0];
    expect(later).toBe(first);
    expect(last).toBe(first);
  });

  it("keep their places while they grow", () => {
    const blocks = new Blocks();
    const places = (text: string) => blocks.read(text, false).map((block) => block.at);
    expect(places("# a\n\ntext")).toEqual([0, 5]);
    expect(places("# a\n\ntext **bold")).toEqual([0, 5]);
    expect(places("# a\n\ntext **bold**\n\n- x")).toEqual([0, 5, 20]);
  });

  it("begin again when the text is another one", () => {
    const blocks = new Blocks();
    blocks.read("one\n\ntwo\n\nthree\n\nfour", false);
    expect(blocks.read("other", false).map((block) => block.token.raw)).toEqual(["other"]);
  });

  it("find definitions at the end", () => {
    const text = "see [this] there\n\na\n\nb\n\nc\n\n[this]: https://example.org";
    const blocks = new Blocks();
    for (let end = 1; end <= text.length; end += 1) blocks.read(text.slice(0, end), false);
    const [first] = blocks.read(text, true);
    expect(JSON.stringify(first!.token)).toContain("https://example.org");
  });
});

describe("headings", () => {
  it("begin below those of the page and skip no level", () => {
    const levels = (text: string) =>
      headingLevels(new Blocks().read(text, true)).filter((level) => level !== undefined);
    expect(levels("## a\n\n#### b\n\n#### c\n\n## d")).toEqual([3, 4, 4, 3]);
    expect(levels("### a\n\n# b\n\n## c\n\n### d\n\n###### e\n\n# f")).toEqual([3, 3, 4, 5, 6, 3]);
  });
});

describe("the end of an unfinished text", () => {
  const cases: [string, string][] = [
    ["a **bo", "a **bo**"],
    ["a **bold*", "a **bold**"],
    ["a **", "a"],
    ["a *it", "a *it*"],
    ["a **b *c", "a **b *c***"],
    ["a ~~gone", "a ~~gone~~"],
    ["snake_case_na", "snake_case_na"],
    ["2 * 3", "2 * 3"],
    ["a `co", "a `co`"],
    ["a `", "a "],
    ["a `x` and **y", "a `x` and **y**"],
    ["see [the do", "see the do"],
    ["see [the doc](https://exa", "see the doc"],
    ["see [the doc](https://example.org)", "see [the doc](https://example.org)"],
    ["see [1] and", "see [1] and"],
    ["an image ![al", "an image "],
    ["an image ![alt](http", "an image "],
    ["text\n-", "text"],
    ["text\n1.", "text"],
    ["text\n\n##", "text\n"],
    ["text\n\n| a | b", "text\n\n"],
    ["text\n\n| a | b |\n|--", "text\n\n"],
    ["| a | b |\n|---|---|\n| 1", "| a | b |\n|---|---|\n| 1"],
    ["```js\nconst a = `x", "```js\nconst a = `x"],
    ["```\na\n```\n\nb **c", "```\na\n```\n\nb **c**"],
    ["text\n\n$$\nx = ", "text\n\n"],
    ["\\*not **b", "\\*not **b**"],
  ];
  it.each(cases)("%j becomes %j", (text, expected) => {
    expect(complete(text).trimEnd()).toBe(expected.trimEnd());
  });
});
