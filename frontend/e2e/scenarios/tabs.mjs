// W6: Two tabs and another device look at one conversation, and see the same.
import assert from "node:assert/strict";
import { answered, answers, eventually, logIn, person, send, shownTicks, signUp, useModel } from "../browser.mjs";

/** An answer of a quarter of a minute, so that everybody sees its middle. */
const TICKS = 900;

export default async function ({ browser, url }) {
  const { page, problems, context } = await person(browser, url);
  const email = await signUp(page);
  await useModel(page, `demo:ticks=${TICKS},rate=60`);
  await send(page, "first");
  await page.waitForURL("**/c/conv_*");
  await eventually("the answer is on its way", async () => (await shownTicks(page)) > 5);

  // The list says so, too.
  await page.getByText("An answer is being written").waitFor({ state: "attached" });

  const tab = await context.newPage();
  await tab.goto(page.url());
  const device = await person(browser, url);
  await logIn(device.page, email);
  await device.page.goto(page.url());
  for (const one of [tab, device.page]) {
    await eventually("both are in the middle of the answer", async () => (await shownTicks(one)) > 0);
  }
  const texts = await Promise.all([page, tab, device.page].map(answered));
  await page.getByText("An answer is being written").waitFor({ state: "detached" });
  assert.equal(texts[0], texts[1]);
  assert.equal(texts[0], texts[2]);

  await send(tab, "second");
  for (const one of [page, device.page]) {
    await eventually("the message of the one is shown by the other", async () => {
      return (await one.locator("article.mine").count()) === 2;
    });
  }
  for (const one of [page, tab, device.page]) {
    await eventually("the second answer is whole", async () => {
      return (await answers(one).count()) === 2 && (await shownTicks(one)) === TICKS;
    }, 90_000);
  }

  // A new title, and a deleted conversation.
  await tab.getByRole("button", { name: "Options of this conversation" }).click();
  await tab.getByRole("menuitem", { name: "Rename" }).click();
  await tab.getByLabel("Title").fill("Two of us");
  await tab.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Two of us", level: 1 }).waitFor();
  await tab.getByRole("button", { name: "Options of this conversation" }).click();
  await tab.getByRole("menuitem", { name: "Delete" }).click();
  await tab.waitForURL(`${url}/`);
  await page.getByText("This conversation does not exist").waitFor();
  // Undone, it is back everywhere by itself: in the other tab at once, on the other device as soon as it looks.
  await device.page.getByText("This conversation does not exist").waitFor();
  await tab.getByRole("button", { name: "Undo" }).click();
  await tab.getByRole("heading", { name: "Two of us", level: 1 }).waitFor();
  for (const one of [page, device.page]) {
    await eventually("the answers are back", async () => (await answers(one).count()) === 2);
    assert.equal(await one.getByText("This conversation does not exist").count(), 0);
  }
  assert.deepEqual([...problems, ...device.problems].filter((one) => !/status of 404/.test(one)), []);
}
