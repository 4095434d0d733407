/** Colours code: see `colours.ts` for where this runs. */
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import latex from "highlight.js/lib/languages/latex";
import markdown from "highlight.js/lib/languages/markdown";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";

const lowlight = createLowlight({
  bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, javascript, json, kotlin, latex,
  markdown, php, python, ruby, rust, sql, swift, typescript, xml, yaml,
});
lowlight.registerAlias({ bash: ["console", "shell", "zsh"], xml: ["svelte", "vue"] });

/** A piece of coloured code: a text, a name that opens what has a colour, or null, which closes it. */
export type Piece = string | { class: string } | null;

/** What is within more than so many others has the colour of what it is in. */
const DEEPEST = 8;
/** After so many the rest has no colour. */
const MOST_COLOURS = 5_000;

type Tree = ReturnType<typeof lowlight.highlight>["children"];

/** The coloured code, or nothing when the language is not known or its grammar fails. */
export function highlight(code: string, language: string): Piece[] | undefined {
  if (!lowlight.registered(language)) return undefined;
  try {
    return piecesOf(lowlight.highlight(language, code).children);
  } catch {
    return undefined;
  }
}

/** The pieces of a tree, which may be deeper than functions can call themselves. */
function piecesOf(tree: Tree): Piece[] {
  const pieces: Piece[] = [];
  let colours = 0;
  let depth = 0;
  /** What is open: its children, which of them is next, and whether it has a colour. */
  const open = [{ children: tree, next: 0, coloured: false }];
  for (let within = open.at(-1); within; within = open.at(-1)) {
    const node = within.children[within.next];
    within.next += 1;
    if (!node) {
      open.pop();
      if (within.coloured) {
        pieces.push(null);
        depth -= 1;
      }
    } else if (node.type === "text") {
      const last = pieces.at(-1);
      if (typeof last === "string") pieces.push(`${pieces.pop() as string}${node.value}`);
      else pieces.push(node.value);
    } else if (node.type === "element") {
      const names = (node.properties.className as string[]).join(" ");
      // Code of another language is in a node with that language's name, which has no colour.
      const coloured = names.startsWith("hljs-") && depth < DEEPEST && colours < MOST_COLOURS;
      if (coloured) {
        pieces.push({ class: names });
        colours += 1;
        depth += 1;
      }
      open.push({ children: node.children, next: 0, coloured });
    }
  }
  return pieces;
}
