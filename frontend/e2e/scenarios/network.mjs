// W3: The network fails in the middle of an answer: cut, dead after a sleep, and gone for the device.
import assert from "node:assert/strict";
import { answered, eventually, person, send, shownTicks, signUp, ticks, useModel } from "../browser.mjs";
import { relay } from "../proxy.mjs";

/** Half a minute of an answer: it goes on while the network comes and goes. */
const TICKS = 1_200;

export default async function ({ browser, url }) {
  const network = await relay(url);
  const { page, problems, context } = await person(browser, network.url, {
    expected: [/Failed to load resource/],
  });
  await page.clock.install();
  await signUp(page);
  await useModel(page, `demo:ticks=${TICKS},rate=40`);
  await send(page, "go on");
  await eventually("the answer is on its way", async () => (await shownTicks(page)) > 20);

  network.cut();
  await page.getByText("Connection lost. Reconnecting…").first().waitFor();
  const before = await shownTicks(page);
  network.open();
  await page.getByText("Connection lost. Reconnecting…").first().waitFor({ state: "detached" });
  await eventually("the answer goes on", async () => (await shownTicks(page)) >= Math.min(before + 10, TICKS));

  // The lid is closed for five minutes. The connection is dead and does not say so.
  network.hold();
  const asleep = await shownTicks(page);
  await page.clock.fastForward("05:00");
  await eventually("the answer goes on after the sleep", async () => (await shownTicks(page)) >= Math.min(asleep + 10, TICKS));

  await context.setOffline(true);
  const offline = page.getByText("You are offline. Everything is kept and sent when the network is back.");
  await offline.waitFor();
  assert.equal(await page.getByText(/offline/i).count(), 1, "one sentence says so");
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill("later");
  assert.ok(await page.getByRole("button", { name: /Send|Stop/ }).isVisible());
  await context.setOffline(false);
  await offline.waitFor({ state: "detached" });

  assert.equal(ticks(await answered(page)), TICKS, "the whole answer, without a gap or a repetition");
  assert.equal(await box.inputValue(), "later");

  // What is sent without a network waits, can be taken back, and is sent once when it is back.
  await context.setOffline(true);
  await offline.waitFor();
  await box.press("Enter");
  const waits = page.locator('[data-turn="unsent"]');
  await waits.getByText("Not sent yet").waitFor();
  await send(page, "much later");
  await waits.filter({ hasText: "much later" }).getByRole("button", { name: "Remove" }).click();
  assert.equal(await waits.count(), 1);
  await context.setOffline(false);
  await page.locator("article.mine:not([data-turn=unsent])").filter({ hasText: "later" }).waitFor();
  assert.equal(await page.locator("article.mine").filter({ hasText: "later" }).count(), 1);
  await page.close();
  network.close();
  assert.deepEqual(problems, []);
}
