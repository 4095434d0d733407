// A conversation of ten thousand messages is read from its end to its beginning.
import assert from "node:assert/strict";
import { eventually, fill, person, signUp } from "../browser.mjs";

const MESSAGES = 10_000;
/** The most messages that may be in the page at once. */
const MOST = 300;

/** Enough for turning the wheel without meeting the beginning. */
const SOME = 600;

/** Seconds that the page has worked so far. */
async function spent(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find((metric) => metric.name === "TaskDuration").value;
}

export default async function ({ browser, url }) {
  const { page, problems, context } = await person(browser, url);
  const email = await signUp(page);
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable");
  const scroller = page.getByRole("region", { name: "Conversation" });
  let most = 0;
  const look = async () => (most = Math.max(most, await page.locator("article[data-turn]").count()));

  const open = async (count) => {
    const id = await fill(url, email, count);
    const begun = performance.now();
    await page.goto(`/c/${id}`);
    await page.getByText(`Answer ${count - 1}.`).waitFor();
    console.log(`measured opening ${count} messages: ${(performance.now() - begun).toFixed(0)} ms`);
  };

  /** Turns the wheel as far as a person would, from the end upwards; the seconds of work of that. */
  const scroll = async () => {
    const box = await scroller.boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const before = await spent(session);
    for (let step = 0; step < 60; step += 1) {
      await page.mouse.wheel(0, -400);
      await look();
    }
    return (await spent(session)) - before;
  };

  await open(SOME);
  const short = await scroll();
  await open(MESSAGES);
  await scroll();
  // In leaps, as with the bar at the side.
  await eventually("the beginning", async () => {
    await scroller.evaluate((element) => (element.scrollTop = 0));
    await look();
    return page.getByText("Question 0.").isVisible();
  }, 120_000);
  const height = await scroller.evaluate((element) => element.scrollHeight);
  assert.ok(height > MESSAGES * 60, "everything has its place");

  // Half-way is drawn when it is looked at, and the end is one press away.
  await scroller.evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
  await eventually("the middle is drawn", async () => {
    const seen = await page.evaluate(() => document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest("article") !== null);
    return seen && (await look()) <= MOST;
  });
  await page.getByRole("button", { name: "Go to the latest message" }).click();
  await page.getByText(`Answer ${MESSAGES - 1}.`).waitFor();

  // By now all are known. Those that are out of sight cost nothing.
  const long = await scroll();
  console.log(`measured scrolling: ${short.toFixed(2)} s of work, ${long.toFixed(2)} s among ${MESSAGES}; at most ${most} messages in the page`);
  assert.ok(long < 4 * short, `${long} s of work, ${short} s in a short conversation`);
  assert.ok(most <= MOST, `${most} messages in the page`);
  assert.deepEqual(problems, []);
}
