/** Draws formulas. A chunk of its own, with its fonts. */
import katex from "katex";
import "katex/dist/katex.min.css";

/**
 * Builds nodes; as text, the styles within would break the content security policy. What is no
 * formula stays as it is.
 */
export function render(source: string, node: HTMLElement, display: boolean): void {
  try {
    katex.render(source, node, {
      displayMode: display,
      throwOnError: true,
      strict: "ignore",
      trust: false,
      maxSize: 20,
      maxExpand: 300,
    });
  } catch {
    node.textContent = source;
  }
}
