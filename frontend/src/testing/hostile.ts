/** Texts that keep readers of Markdown busy, each of about so many characters. */
const repeat = (unit: string) => (size: number) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);

export const HOSTILE: Record<string, (size: number) => string> = {
  // Emphasis that is never closed, nested, or closed by something else.
  ...units(["**a", "~~a", "_a __a ", " *a **a", "*a _b ~~c **d __e ", "*a* ", "*a**b* ", "***", "~a ", "a~~ **b "]),
  "nested emphasis": (size) => repeat("*a **b ")(size / 2) + repeat("b** a* ")(size / 2),
  // Formulas.
  ...units(["$$a ", "\\[", "\\(", "$a$ ", "$a", "$$\n", "$$ a\n", "$$\na\n$$\n\n", "\\(a\\) "]),
  "a formula of spaces": (size) => `$$${" ".repeat(size)}`,
  // Containers.
  ...units([">", "> ", "- ", "1. ", "+ - ", "> - a\n", "> a\nb\n", "- a\n\n", "- [ ] a\n", "- a\n  > b\n"]),
  "nested lists": (size) => {
    let text = "";
    for (let depth = 0; text.length < size; depth += 1) text += `${"  ".repeat(depth % 200)}- a\n`;
    return text;
  },
  // Links, images, footnotes, definitions.
  ...units(["[", "![", "[a](", "[a][", "[^1]", "[a]: ", "[a]: b\n", "[\n", "[a](b) ", "![a](b)"]),
  "nested brackets": (size) => "[".repeat(size / 2) + "]".repeat(size / 2),
  "many links": (size) => `[a]: http://b\n\n${repeat("[a] ")(size)}`,
  "a long address": (size) => `[a]: http://${"b".repeat(size / 2)}\n\n${repeat("[a] ")(size / 2)}`,
  // Addresses without marks.
  ...units(["<http://a", "a@", "a.a@a.", "www.a", "http://a ", "a@b.c "]),
  "an address of brackets": (size) => `http://${"(".repeat(size)}`,
  // Code.
  "backticks of every length": (size) => {
    let text = "";
    for (let length = 1; text.length < size; length += 1) text += `${"`".repeat(length)} `;
    return text;
  },
  ...units(["`a``", "```\n", "```\n```\n", "    a\n", "~~~\n"]),
  "code without an end": (size) => `\`\`\`js\n${repeat("a\n")(size)}`,
  // HTML, entities, escapes.
  ...units(["<", "<a ", "<a b='", "<!--", "<div>\n", "<pre>\n\n", "&amp;", "&#x41", "\\a", "\\*", "<?", "<![CDATA["]),
  // Tables: each row is filled up to the width of the first.
  "a wide table": (size) => `${"|a".repeat(size / 8)}|\n${"|-".repeat(size / 8)}|\n${repeat("|\n")(size / 2)}`,
  "a long table": (size) => `|a|b|\n|-|-|\n${repeat("|1|2|\n")(size)}`,
  ...units(["|a", "|-", "|a|\n|-|\n|b|\n\n"]),
  // Many small blocks, and none.
  ...units(["a\n", "a\n\n", "# a\n", "a\n# b\n", "a\n***\n", "=\n", "-", "a\n=\n", "\t", "\n", "a  \n", "\r", "x", "lorem ipsum "]),
  spaces: (size) => `a${" ".repeat(size)}b`,
  "no setext heading": (size) => `${repeat("a\n")(size)}x`,
};

function units(all: string[]): Record<string, (size: number) => string> {
  return Object.fromEntries(all.map((unit) => [JSON.stringify(unit), repeat(unit)]));
}
