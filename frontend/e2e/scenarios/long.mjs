// A conversation of ten thousand messages is read from its end to its beginning.
import assert from "node:assert/strict";
import { eventually, fill, person, signUp } from "../browser.mjs";

const MESSAGES = 10_000;
/** The most messages that may be in the page at once. */
const MOST = 300;

/** Counts frames from now on; the longest gap between two, of 95 in 100, in milliseconds. */
const watchFrames = (page) =>
  page.evaluate(() => {
    const gaps = [];
    let last = performance.now();
    let running = true;
    const frame = (now) => {
      gaps.push(now - last);
      last = now;
      if (running) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    window.frames95 = () => {
      running = false;
      gaps.sort((a, b) => a - b);
      return gaps[Math.floor(gaps.length * 0.95)];
    };
  });

export default async function ({ browser, url }) {
  const { page, problems } = await person(browser, url);
  const email = await signUp(page);
  const id = await fill(url, email, MESSAGES);

  // A page without anything in it says how fast frames can be here, now.
  await page.goto("/settings");
  await watchFrames(page);
  await page.waitForTimeout(1_500);
  const baseline = await page.evaluate(() => window.frames95());

  const opened = performance.now();
  await page.goto(`/c/${id}`);
  await page.getByText(`Answer ${MESSAGES - 1}.`).waitFor();
  const shown = performance.now() - opened;
  const turns = () => page.locator("article[data-turn]").count();
  assert.ok((await turns()) <= MOST);

  await watchFrames(page);
  const scroller = page.getByRole("region", { name: "Conversation" });
  const box = await scroller.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  let most = 0;
  // With the wheel as far as a person would, then in leaps, as with the bar at the side.
  for (let step = 0; step < 60; step += 1) {
    await page.mouse.wheel(0, -400);
    most = Math.max(most, await turns());
  }
  const frames = await page.evaluate(() => window.frames95());
  await eventually("the beginning", async () => {
    await scroller.evaluate((element) => (element.scrollTop = 0));
    most = Math.max(most, await turns());
    return page.getByText("Question 0.").isVisible();
  }, 120_000);
  assert.ok(most <= MOST, `${most} messages in the page`);
  const height = await scroller.evaluate((element) => element.scrollHeight);
  assert.ok(height > MESSAGES * 60, "everything has its place");

  // Half-way is drawn when it is looked at, and the end is one press away.
  await scroller.evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
  await eventually("the middle is drawn", async () => {
    const seen = await page.evaluate(() => document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest("article") !== null);
    return seen && (await turns()) <= MOST;
  });
  await page.getByRole("button", { name: "Go to the latest message" }).click();
  await page.getByText(`Answer ${MESSAGES - 1}.`).waitFor();
  assert.ok((await turns()) <= MOST);

  console.log(`measured opening ${shown.toFixed(0)} ms, frames p95 ${frames.toFixed(1)} ms (empty page ${baseline.toFixed(1)} ms), at most ${most} messages in the page`);
  assert.ok(frames <= Math.max(50, 3 * baseline), `frames take ${frames} ms, an empty page's ${baseline} ms`);
  assert.deepEqual(problems, []);
}
