/** Colours code. A chunk of its own, loaded with the first code that is to be coloured. */
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

/** Builds nodes where the library would build HTML. */
class NodeEmitter {
  #stack: (DocumentFragment | HTMLElement)[] = [document.createDocumentFragment()];

  get fragment(): DocumentFragment {
    return this.#stack[0] as DocumentFragment;
  }

  addText(text: string): void {
    if (text !== "") this.#stack.at(-1)!.append(text);
  }

  startScope(scope: string): void {
    const span = document.createElement("span");
    // `title.class` means the classes `hljs-title` and `class_`.
    const [first, ...others] = scope.split(".");
    span.className = [`hljs-${first}`, ...others.map((part) => `${part}_`)].join(" ");
    this.#stack.at(-1)!.append(span);
    this.#stack.push(span);
  }

  endScope(): void {
    if (this.#stack.length > 1) this.#stack.pop();
  }

  /** The names under which the library's parser calls the same. */
  openNode = (scope: string): void => this.startScope(scope);
  closeNode = (): void => this.endScope();

  __addSublanguage(emitter: NodeEmitter): void {
    this.#stack.at(-1)!.append(emitter.fragment);
  }

  finalize(): void {
    this.#stack.length = 1;
  }

  toHTML(): string {
    return "";
  }
}
hljs.configure({ __emitter: NodeEmitter } as object);

/** The coloured code, or nothing when the language is not known. */
export function highlight(code: string, language: string): DocumentFragment | undefined {
  if (!hljs.getLanguage(language)) return undefined;
  const result = hljs.highlight(code, { language, ignoreIllegals: true });
  return (result as unknown as { _emitter: NodeEmitter })._emitter.fragment;
}
