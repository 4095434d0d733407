// S13: answers that are made to keep the page busy. It stays shallow and small, and goes on.
import assert from "node:assert/strict";
import { api, bringIn, eventually, person, signUp } from "../browser.mjs";

const long = (unit, size = 60_000) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
const fenced = (language, unit, size) => `\`\`\`${language}\n${long(unit, size)}\n\`\`\``;

/** Each is one answer. */
const ANSWERS = [
  fenced("csharp", '$"{', 6_000),
  fenced("xml", "<a ", 45_000),
  fenced("markdown", "[a](", 10_000),
  fenced("js", "`${", 40_000),
  long("$$a "), long("**a"), long("~~a"), long("\\["), long("> "), long("1. "), long("["), long("*a **b ", 40_000),
  `| ${long("a|", 10_000)}\n|${long("-|", 10_000)}\n${long("|\n", 20_000)}`,
  `$${"\\frac{".repeat(300)}a${"}{b}".repeat(300)}$`,
  `$$\n${"\\sqrt{".repeat(280)}a${"}".repeat(280)}\n$$`,
  long("$a$ ", 40_000),
  `a${" ".repeat(50_000)}b`,
  long("a\n\n"), long("# a\n"),
];

export default async function ({ browser, url }) {
  const { page, problems } = await person(browser, url);
  await page.addInitScript(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, Math.round(duration));
    }).observe({ type: "longtask", buffered: true });
  });
  const email = await signUp(page);
  const ask = await api(url, email);
  const id = (n) => `msg_${n.toString(16).padStart(32, "0")}`;
  const time = new Date(Date.UTC(2026, 0, 1)).toISOString();
  const fine = "```js\nlet a = 1;\n```\n\nand $x^2$ **bold**";
  for (const [at, answer] of [...ANSWERS, fine].entries()) {
    const [conversation] = await bringIn(ask, [{
      id: `conv_${at.toString(16).padStart(32, "2")}`, title: `Answer ${at}`, head_id: id(1), created_at: time, updated_at: time,
      messages: [
        { id: id(0), parent_id: null, role: "user", status: "completed", content: "Go on", created_at: time, updated_at: time },
        { id: id(1), parent_id: id(0), role: "assistant", status: "completed", content: answer, created_at: time, updated_at: time },
      ],
    }]);
    await page.goto(`/c/${conversation}`);
    await page.locator(".answer .markdown").waitFor({ state: "attached" });
    if (answer === fine) break;
    const { depth, elements } = await page.locator(".answer .markdown").evaluate(async (box) => {
      // The page still does what it is asked, and what is drawn later is there.
      for (let frame = 0; frame < 20; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
      const depthOf = (from) => {
        let depth = 0;
        for (let node = from; node && node !== box; node = node.parentElement) depth += 1;
        return depth;
      };
      const all = [...box.querySelectorAll("*")];
      return { elements: all.length, depth: Math.max(0, ...all.filter((one) => !one.firstElementChild).map(depthOf)) };
    });
    const longest = await page.evaluate(() => window.longest);
    console.log(`measured answer ${at} (${JSON.stringify(answer.slice(0, 16))}): ${elements} elements, ${depth} deep, longest task ${longest} ms`);
    assert.ok(depth <= 420, `answer ${at} is ${depth} deep`);
    assert.ok(elements <= 250_000, `answer ${at} has ${elements} elements`);
    const shown = await page.locator(".answer .markdown").evaluate((box) => box.textContent.length);
    assert.ok(shown >= Math.min(answer.length / 4, 1_000), `answer ${at} shows ${shown} of ${answer.length} characters`);
  }
  // What is meant is still drawn: colours come from their thread, formulas from their chunk.
  await page.locator(".answer .hljs-keyword", { hasText: "let" }).waitFor();
  await page.locator(".answer .katex").first().waitFor();
  await eventually("it is bold", async () => (await page.locator(".answer strong").innerText()) === "bold");
  assert.deepEqual(problems, []);
}
