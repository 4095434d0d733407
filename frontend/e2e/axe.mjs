// What axe finds on a page; its context has to be made with `bypassCSP`.
import { readFile } from "node:fs/promises";

const AXE = await readFile(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The rules that are broken, with where; and whether the page scrolls sideways. */
export async function violations(page) {
  // Colours on their way to others are neither.
  await page.evaluate(() => {
    const ending = document.getAnimations().filter((one) => Number.isFinite(one.effect?.getComputedTiming().endTime));
    return Promise.all(ending.map((one) => one.finished.catch(() => {})));
  });
  await page.evaluate(AXE);
  const result = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), RULES);
  const found = result.violations.map(({ id, help, nodes }) => `${id} (${help}): ${nodes.map((node) => node.html).join(" | ").slice(0, 400)}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  return wide ? [...found, "scrolls sideways"] : found;
}
