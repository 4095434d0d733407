// The server dies in the middle of an answer and comes back.
import assert from "node:assert/strict";
import { answers, eventually, person, send, shownTicks, signUp, ticks, useModel } from "../browser.mjs";

export default async function ({ browser, url, ask }) {
  const { page, problems } = await person(browser, url, { expected: [/Failed to load resource/] });
  await signUp(page);
  await useModel(page, "demo:ticks=2000,rate=40");
  await send(page, "go on");
  await eventually("the answer is on its way", async () => (await shownTicks(page)) > 60);
  await ask("kill");
  const seen = await shownTicks(page);

  await page.getByText("Connection lost. Reconnecting…").first().waitFor();
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill("written while the server was away");
  assert.ok((await shownTicks(page)) >= seen, "what was shown stays");

  await ask("start");
  await page.getByText("The server was interrupted. The text so far is kept.").waitFor();
  await page.getByText("Connection lost. Reconnecting…").first().waitFor({ state: "detached" });
  const kept = await answers(page).last().innerText();
  assert.ok(ticks(kept) > 0);
  assert.equal(await box.inputValue(), "written while the server was away");

  // What is shown is what is stored, and the draft has outlived the reload.
  await page.reload();
  await page.getByText("The server was interrupted. The text so far is kept.").waitFor();
  assert.equal(await answers(page).last().innerText(), kept);
  assert.equal(await box.inputValue(), "written while the server was away");

  // Stopped in good order and started again: the session goes on, and so does the conversation.
  await ask("terminate");
  await page.getByText("Connection lost. Reconnecting…").first().waitFor();
  await box.press("Enter");
  await page.getByText("Not sent yet").waitFor();
  await ask("start");
  await eventually("the message was sent when that was possible", async () => {
    return (await answers(page).count()) === 2 && (await shownTicks(page)) > 20;
  });
  assert.equal(await page.getByText("written while the server was away").count(), 1);
  await page.keyboard.press("Escape");
  await page.getByText("Stopped. The text so far is kept.").waitFor();
  assert.deepEqual(problems, []);
}
