// Hostile text in questions, answers and titles: nothing runs, nothing leaves, nothing is loaded.
import assert from "node:assert/strict";
import { answered, answers, eventually, person, send, signUp, useModel } from "../browser.mjs";
import { INJECTIONS } from "../injections.mjs";

/** What may not be in a turn: anything that runs, loads or asks. */
const FORBIDDEN = "script, iframe, img, object, embed, link, style, base, form, template, audio, video, input:not([type=checkbox]), [href^='javascript' i], [href^='data' i]";

async function inspect(page) {
  return page.evaluate((forbidden) => {
    const found = [];
    for (const turn of document.querySelectorAll("article[data-turn]")) {
      for (const bad of turn.querySelectorAll(forbidden)) found.push(bad.outerHTML.slice(0, 200));
      for (const element of turn.querySelectorAll("*")) {
        for (const { name } of element.attributes) if (name.startsWith("on")) found.push(`${element.tagName} ${name}`);
      }
      for (const link of turn.querySelectorAll("a")) {
        const fine = ["http:", "https:", "mailto:"].includes(link.protocol) && link.target === "_blank" && link.rel === "noopener noreferrer";
        if (!fine) found.push(link.outerHTML.slice(0, 200));
      }
    }
    if (document.querySelectorAll("#composer").length !== 1) found.push("a second #composer");
    if (window.hacked) found.push("a script ran");
    return found;
  }, FORBIDDEN);
}

export default async function ({ browser, url }) {
  const { page, problems } = await person(browser, url);
  page.on("dialog", (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.exposeFunction("reportViolation", (text) => problems.push(`blocked: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => window.reportViolation(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await signUp(page);
  await useModel(page, "demo:echo,rate=0");

  // Each on its own would take minutes; twelve at a time keeps them apart by blank lines.
  for (let at = 0; at < INJECTIONS.length; at += 12) {
    const text = INJECTIONS.slice(at, at + 12).join("\n\n");
    await page.goto("/");
    await send(page, text);
    await page.waitForURL("**/c/conv_*");
    await answered(page);
    assert.deepEqual(await inspect(page), []);
    // What was written is there to be read.
    if (at === 0) assert.match(await answers(page).last().innerText(), /<img src=x onerror=alert\(1\)>/);
  }

  // While it streams, letter by letter, half-written syntax is no way in either.
  await useModel(page, "demo:echo,rate=2000");
  await page.goto("/");
  await send(page, INJECTIONS.slice(0, 45).join("\n\n"));
  await page.waitForURL("**/c/conv_*");
  // Before the answer begins nothing can be stopped, and the button is the one that sends.
  await answers(page).first().waitFor({ state: "attached" });
  await eventually("it streams", async () => {
    assert.deepEqual(await inspect(page), []);
    return (await page.getByRole("button", { name: "Send" }).count()) > 0;
  }, 60_000);
  assert.deepEqual(await inspect(page), []);

  // Titles come from the first line.
  assert.equal(await page.locator("nav img, nav script, h1 img, h1 script").count(), 0);
  await eventually("the title is the first line", async () => (await page.title()).startsWith("<img src=x onerror=alert(1)> –"));
  assert.deepEqual(problems, []);
}
