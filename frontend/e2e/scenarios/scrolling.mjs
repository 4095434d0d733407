// The transcript follows its end while one is there, and never moves under somebody who reads.
import assert from "node:assert/strict";
import { answers, eventually, fill, person, send, signUp, useModel } from "../browser.mjs";

export default async function ({ browser, url }) {
  const { page, problems } = await person(browser, url);
  const email = await signUp(page);
  await useModel(page, "demo:words=15000,rate=300");
  await send(page, "Tell me a lot.");
  await page.waitForURL("**/c/conv_*");
  const scroller = page.getByRole("region", { name: "Conversation" });
  const state = () =>
    scroller.evaluate((element) => ({
      top: element.scrollTop,
      gap: element.scrollHeight - element.clientHeight - element.scrollTop,
      height: element.scrollHeight,
    }));
  await eventually("there is more than fits", async () => (await state()).height > 2_000);
  await eventually("the end is in view", async () => (await state()).gap < 4);

  // A little up is enough to be left alone, while code and tables grow below.
  const box = await scroller.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.wheel(0, -60);
  await eventually("it has moved", async () => (await state()).gap > 20);
  const { top, height } = await state();
  await eventually("more text has come", async () => (await state()).height > height + 1_000);
  assert.ok(Math.abs((await state()).top - top) <= 1, "the text one reads has not moved");

  await page.getByRole("button", { name: "Go to the latest message" }).click();
  await eventually("the end again", async () => (await state()).gap < 4);
  const after = (await state()).height;
  await eventually("and it is followed", async () => {
    const { height, gap } = await state();
    return height > after + 300 && gap < 4;
  });
  await page.keyboard.press("Escape");
  await page.getByText("Stopped. The text so far is kept.").waitFor();
  assert.ok((await answers(page).last().innerText()).length > 1_000);

  // Older messages come in above without a jump.
  const id = await fill(url, email, 400);
  await page.goto(`/c/${id}`);
  await page.getByText("Answer 399.").waitFor();
  const before = await page.locator("article[data-turn]").count();
  await page.evaluate(() => {
    // The place on the screen of the message that is seen first, frame by frame.
    const scroller = document.querySelector("[role=region][aria-label=Conversation]");
    window.jumps = [];
    let last;
    const look = () => {
      const edge = scroller.getBoundingClientRect().top;
      const seen = [...scroller.querySelectorAll("article")].find((one) => one.getBoundingClientRect().bottom > edge + 40);
      const now = { id: seen?.dataset.turn, at: seen?.getBoundingClientRect().top, count: scroller.querySelectorAll("article").length };
      if (last?.id === now.id && last.count !== now.count && Math.abs(last.at - now.at) > 2) window.jumps.push(now.at - last.at);
      last = now;
      requestAnimationFrame(look);
    };
    look();
  });
  await scroller.evaluate((element) => (element.scrollTop = 200));
  await eventually("older messages are there", async () => (await scroller.evaluate((element) => element.scrollHeight)) > before * 300);
  assert.deepEqual(await page.evaluate(() => window.jumps), []);
  assert.deepEqual(problems, []);
}
