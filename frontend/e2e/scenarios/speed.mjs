// How long it takes until one sees something and can write, and what a streamed answer costs.
import assert from "node:assert/strict";
import { answered, person, send, signUp, useModel } from "../browser.mjs";

/** Seconds of script and of layout so far. */
async function spent(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  const value = (name) => metrics.find((metric) => metric.name === name).value;
  return { script: value("ScriptDuration"), layout: value("LayoutDuration") + value("RecalcStyleDuration") };
}

/** An answer of twenty kilobytes with everything in it. */
function reference() {
  const section = (n) =>
    `## Section ${n}\n\nA paragraph with **bold**, *italic* and \`code\`, long enough to be wrapped on most screens, and [a link](https://example.org/${n}).\n\n` +
    `- first point of section ${n}\n- second point with \`code\`\n- third point\n\n` +
    (n % 4 === 0 ? `\`\`\`ts\nexport function section${n}(value: number): string {\n  return \`section \${value}\`;\n}\n\`\`\`\n\n` : "") +
    (n % 5 === 0 ? `| column | value |\n|---|---|\n| one | ${n} |\n| two | ${n * 2} |\n\n` : "");
  return Array.from({ length: 78 }, (_, n) => section(n)).join("");
}

export default async function ({ browser, url }) {
  const { page, problems, context } = await person(browser, url);
  await page.goto("/login");
  await page.getByRole("heading", { level: 1 }).waitFor();
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  await signUp(page);
  await page.goto("/");
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  const ready = await page.evaluate(() => performance.now());
  console.log(`measured first paint ${paint.toFixed(0)} ms, writing possible after ${ready.toFixed(0)} ms`);

  const session = await context.newCDPSession(page);
  await session.send("Performance.enable");
  await useModel(page, "demo:echo,rate=800");
  const text = reference();
  await send(page, text);
  await page.waitForURL("**/c/conv_*");
  const before = await spent(session);
  const first = await page.getByRole("heading", { name: "Section 0", exact: true }).elementHandle();
  await answered(page);
  // What stands is not drawn again with each piece that comes: the cost grows with the length.
  assert.ok(await first.evaluate((heading) => heading.isConnected), "finished blocks stay as they are");
  const after = await spent(session);
  const streamed = after.script - before.script;

  // The same answer, drawn at once: what no way of streaming can do without.
  await page.goto("/settings");
  await page.getByRole("heading", { level: 1 }).waitFor();
  const idle = await spent(session);
  await page.goBack();
  await page.getByRole("heading", { name: "Section 77" }).waitFor();
  const whole = (await spent(session)).script - idle.script;
  console.log(
    `measured ${(text.length / 1000).toFixed(1)} kB streamed: script ${streamed.toFixed(2)} s, layout ${(after.layout - before.layout).toFixed(2)} s; drawn at once: script ${whole.toFixed(2)} s`,
  );
  // An answer that was read anew with each piece would cost ten times as much as this.
  assert.ok(streamed < 12 * whole + 0.5, "the work grows with the length of the answer");
  assert.deepEqual(problems, []);
}
