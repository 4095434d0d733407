/** Draws formulas. A chunk of its own, with its fonts. */
import katex from "katex";
import "katex/dist/katex.min.css";

/** A formula that became more than this many elements, or is deeper, is left as it was written. */
const MOST_ELEMENTS = 8_000;
const DEEPEST = 400;
/** How many characters of formulas are drawn at once; the page goes on before the next ones. */
const AT_ONCE = 2_000;

let drawn = 0;
let waiting: { size: number; draw: () => void }[] = [];
let pause: ReturnType<typeof setTimeout> | undefined;

/** Draws it, perhaps a moment later; returns what takes that back. */
export function render(source: string, node: HTMLElement, display: boolean): () => void {
  const job = { size: source.length, draw: () => draw(source, node, display) };
  waiting.push(job);
  some();
  return () => {
    waiting = waiting.filter((one) => one !== job);
  };
}

function some(): void {
  while (drawn < AT_ONCE) {
    const job = waiting.shift();
    if (!job) break;
    drawn += job.size;
    job.draw();
  }
  pause ??= setTimeout(() => {
    pause = undefined;
    drawn = 0;
    if (waiting.length > 0) some();
  });
}

/**
 * Builds nodes; as text, the styles within would break the content security policy. What is no
 * formula stays as it is.
 */
function draw(source: string, node: HTMLElement, display: boolean): void {
  const formula = document.createElement("span");
  try {
    katex.render(source, formula, {
      displayMode: display,
      throwOnError: true,
      strict: "ignore",
      trust: false,
      maxSize: 20,
      maxExpand: 300,
    });
  } catch {
    return;
  }
  if (drawable(formula)) node.replaceChildren(...formula.childNodes);
}

function drawable(formula: Element): boolean {
  let level: Element[] = [formula];
  let elements = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    elements += level.length;
    if (depth > DEEPEST || elements > MOST_ELEMENTS) return false;
    level = level.flatMap((one) => [...one.children]);
  }
  return true;
}
