/** Colours code: see `colours.ts` for where this runs. */
import hljs from "highlight.js/lib/core";
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

const LANGUAGES = {
  bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, javascript, json, kotlin, latex,
  markdown, php, python, ruby, rust, sql, swift, typescript, xml, yaml,
};
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);
hljs.registerAliases(["console", "shell", "zsh"], { languageName: "bash" });
hljs.registerAliases(["svelte", "vue"], { languageName: "xml" });

/** A piece of coloured code: a text, a name that opens what has a colour, or null, which closes it. */
export type Piece = string | { class: string } | null;

/** What is within more than so many others has the colour of what it is in. */
const DEEPEST = 8;
/** After so many the rest has no colour. */
const MOST_COLOURS = 5_000;

/** Lists the pieces where the library would build HTML. */
class Pieces {
  readonly list: Piece[] = [];
  #colours = 0;
  /** For each scope that is open, whether it has a colour. */
  #open: boolean[] = [];
  #depth = 0;

  addText(text: string): void {
    if (text === "") return;
    if (typeof this.list.at(-1) === "string") this.list.push(`${this.list.pop() as string}${text}`);
    else this.list.push(text);
  }

  startScope(scope: string): void {
    // `title.class` means the classes `hljs-title` and `class_`.
    const [first, ...others] = scope.split(".");
    this.#start({ class: [`hljs-${first}`, ...others.map((part) => `${part}_`)].join(" ") });
  }

  #start(piece: { class: string }): void {
    const coloured = this.#depth < DEEPEST && this.#colours < MOST_COLOURS;
    this.#open.push(coloured);
    if (!coloured) return;
    this.#depth += 1;
    this.#colours += 1;
    this.list.push(piece);
  }

  endScope(): void {
    if (!this.#open.pop()) return;
    this.#depth -= 1;
    this.list.push(null);
  }

  /** The names under which the library's parser calls the same. */
  openNode = (scope: string): void => this.startScope(scope);
  closeNode = (): void => this.endScope();

  /** Code of another language within: its own names are those of that language. */
  __addSublanguage(inner: Pieces): void {
    for (const piece of inner.list) {
      if (typeof piece === "string") this.addText(piece);
      else if (piece === null) this.endScope();
      else this.#start(piece);
    }
  }

  finalize(): void {
    while (this.#open.length > 0) this.endScope();
  }

  toHTML(): string {
    return "";
  }
}
hljs.configure({ __emitter: Pieces } as object);

/** The coloured code, or nothing when the language is not known. */
export function highlight(code: string, language: string): Piece[] | undefined {
  if (!hljs.getLanguage(language)) return undefined;
  const result = hljs.highlight(code, { language, ignoreIllegals: true });
  if (result.errorRaised) return undefined;
  return (result as unknown as { _emitter: Pieces })._emitter.list;
}
