import { readdirSync, readFileSync } from "node:fs";
import { parse } from "svelte/compiler";
import { expect, it } from "vitest";

interface Node {
  type: string;
  [key: string]: unknown;
}

/** Attributes that people read or hear. */
const READ = new Set(["title", "alt", "placeholder", "label", "aria-label", "aria-description", "aria-roledescription"]);
/** Functions that show or speak what they are given. */
const SHOWN = new Set(["show", "say"]);
/** Measures and names that CSS reads. */
const STYLES = new Set(["StyleDirective", "ClassDirective"]);
const WORD = /\p{L}{2,}/u;

const folder = new URL("../", import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".svelte"));

/** The texts of a component that would be the same in every language. */
function literals(source: string): string[] {
  const found: string[] = [];
  const add = (text: unknown) => {
    if (typeof text === "string" && WORD.test(text)) found.push(text.trim());
  };
  /** Texts that an expression can come to: not those it only compares or looks up. */
  const values = (node: Node | null | undefined): void => {
    if (!node) return;
    if (node.type === "Literal") add(node.value);
    else if (node.type === "TemplateLiteral") {
      for (const quasi of node.quasis as Node[]) add((quasi.value as { cooked: string }).cooked);
    } else if (node.type === "ConditionalExpression") {
      values(node.consequent as Node);
      values(node.alternate as Node);
    } else if (node.type === "LogicalExpression" || node.type === "BinaryExpression") {
      if (node.type === "BinaryExpression" && node.operator !== "+") return;
      values(node.left as Node);
      values(node.right as Node);
    }
  };
  const visit = (node: unknown, parent?: Node): void => {
    if (Array.isArray(node)) return node.forEach((one) => visit(one, parent));
    if (!node || typeof (node as Node).type !== "string") return;
    const here = node as Node;
    if (STYLES.has(here.type)) return;
    // What a shell is told is no language.
    if (here.type === "RegularElement" && here.name === "pre") return;
    if (here.type === "Text" && parent?.type !== "Attribute") add(here.data);
    if (here.type === "ExpressionTag" && parent?.type !== "Attribute") values(here.expression as Node);
    if (here.type === "Attribute" && READ.has(here.name as string)) {
      for (const part of [here.value].flat() as (Node | true)[]) {
        if (part === true) continue;
        if (part.type === "Text") add(part.data);
        else values(part.expression as Node);
      }
    }
    if (here.type === "CallExpression") {
      const callee = here.callee as Node;
      const name = ((callee.property as Node | undefined)?.name ?? callee.name) as string;
      if (SHOWN.has(name)) values((here.arguments as Node[])[0]);
    }
    for (const [key, value] of Object.entries(here)) {
      if (key !== "css" && typeof value === "object") visit(value, here);
    }
  };
  const { fragment, instance, module } = parse(source, { modern: true });
  visit([fragment, instance, module]);
  return found;
}

it("finds what it looks for", () => {
  const source = `<script lang="ts">toasts.show("Done it"); const a = open ? "left" : 1;</script>
    <p title="Some help" class="not this" style:width="{wide}px">Hello {name} {a === "no" ? "One day" : words.yes}</p><pre>KEY=value</pre>
    <input placeholder={full ? "Full" : words.empty} />`;
  expect(literals(source)).toEqual(["Some help", "Hello", "One day", "Full", "Done it"]);
});

it.each(files)("%s takes every text from the catalogue", (name) => {
  expect(literals(readFileSync(new URL(name, folder), "utf8"))).toEqual([]);
});
