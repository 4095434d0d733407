// An answer is stopped with the button and with Escape; its text is kept.
import assert from "node:assert/strict";
import { answers, eventually, person, send, signUp } from "../browser.mjs";

export default async function ({ browser, url }) {
  const { page, problems } = await person(browser, url);
  await signUp(page);
  for (const stop of [
    () => page.getByRole("button", { name: "Stop" }).click(),
    () => page.keyboard.press("Escape"),
  ]) {
    const before = await answers(page).count();
    await send(page, "/long");
    await eventually("another answer begins", async () => (await answers(page).count()) > before);
    await eventually("it has some text", async () => (await answers(page).last().innerText()).length > 200);
    await stop();
    await page.getByText("Stopped. The text so far is kept.").last().waitFor();
    await eventually("the end is known", async () => (await page.getByText("Stopped. The text so far is kept.").count()) === before + 1);
    const kept = await answers(page).last().innerText();
    assert.ok(kept.length > 200);
    await page.reload();
    await page.getByText("Stopped. The text so far is kept.").last().waitFor();
    assert.equal(await answers(page).last().innerText(), kept);
  }
  assert.deepEqual(problems, []);
}
