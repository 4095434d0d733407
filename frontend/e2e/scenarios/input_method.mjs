// Japanese is written with an input method: the Enter that confirms a word sends nothing.
import assert from "node:assert/strict";
import { answered, person, signUp, useModel } from "../browser.mjs";

export default async function ({ browser, url }) {
  const { page, problems, context } = await person(browser, url);
  await signUp(page);
  await useModel(page, "demo:echo,rate=0");
  const box = page.getByRole("textbox", { name: "Message" });
  const keyboard = await context.newCDPSession(page);
  await box.focus();

  // As Chromium and Firefox tell it: the key comes while the word is being composed.
  await keyboard.send("Input.imeSetComposition", { text: "こんにちは", selectionStart: 5, selectionEnd: 5 });
  await keyboard.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Process", code: "Enter", windowsVirtualKeyCode: 229 });
  await page.evaluate(() => {
    const area = document.querySelector("#composer");
    area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", isComposing: true, bubbles: true, cancelable: true }));
  });
  await keyboard.send("Input.insertText", { text: "こんにちは" });
  assert.equal(await box.inputValue(), "こんにちは");
  // As Safari tells it: the composition is over, and the key has a number of its own.
  await page.evaluate(() => {
    const area = document.querySelector("#composer");
    area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", keyCode: 229, bubbles: true, cancelable: true }));
  });
  assert.equal(new URL(page.url()).pathname, "/", "nothing was sent");
  assert.equal(await box.inputValue(), "こんにちは");

  await keyboard.send("Input.imeSetComposition", { text: "世界", selectionStart: 2, selectionEnd: 2 });
  await keyboard.send("Input.insertText", { text: "世界" });
  await box.press("Shift+Enter");
  await keyboard.send("Input.insertText", { text: "またね" });
  await box.press("Enter");
  await page.waitForURL("**/c/conv_*");
  assert.equal(await answered(page), "こんにちは世界\nまたね");
  assert.equal(await box.inputValue(), "", "what was sent does not come back");
  await page.reload();
  assert.equal(await box.inputValue(), "");
  assert.deepEqual(problems, []);
}
