// W8: What is sent while an answer is written waits for its end: visible, taken back, changed, over a reload, in order, one a turn.
import assert from "node:assert/strict";
import { api, eventually, listen, person, PHONE, send, shownTicks, signUp, useModel } from "../browser.mjs";

export default async function ({ browser, url }) {
  const { page, problems, context } = await person(browser, url, { expected: [/status of (500|404)/] });
  const hears = await listen(page);
  const email = await signUp(page);
  await useModel(page, "demo:ticks=4000,rate=40");
  await send(page, "go on");
  await page.waitForURL("**/c/conv_*");
  await eventually("the answer is on its way", async () => (await shownTicks(page)) > 5);

  await page.getByText("Enter sends when the answer ends").waitFor();
  for (const text of ["one", "two", "three"]) await send(page, text);
  await hears("Sent when the answer ends");
  const queued = page.locator('[data-turn="unsent"]');
  const focused = (one) => one.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.localName);
  const texts = (articles) => articles.locator(".bubble").allInnerTexts();
  await eventually("they are shown in order", async () => (await texts(queued)).join() === "one,two,three");
  assert.equal(await queued.getByText("Sent when the answer ends").count(), 3);
  // They wait: nothing of them is about to change.
  assert.deepEqual(await queued.evaluateAll((all) => all.map((one) => one.ariaBusy)), ["false", "false", "false"]);
  // Another tab shows them, too.
  const tab = await context.newPage();
  await tab.goto(page.url());
  await eventually("the other tab shows them", async () => (await texts(tab.locator('[data-turn="unsent"]'))).join() === "one,two,three");

  // Whoever is at one that goes is led back to where one writes, also when it goes elsewhere.
  await tab.getByRole("button", { name: "Remove" }).nth(1).focus();
  await queued.filter({ hasText: "two" }).getByRole("button", { name: "Remove" }).press("Enter");
  for (const one of [page, tab]) await eventually("the focus is in the box", async () => (await focused(one)) === "Message");
  await queued.filter({ hasText: "three" }).getByRole("button", { name: "Edit" }).press("Enter");
  const box = page.getByRole("textbox", { name: "Message" });
  assert.equal(await box.inputValue(), "three");
  await eventually("one is left", async () => (await texts(queued)).join() === "one");
  await eventually("in the other tab, too", async () => (await texts(tab.locator('[data-turn="unsent"]'))).join() === "one");
  await box.press("End");
  await box.pressSequentially(" times");
  // The button does the same, beside the one that stops.
  await page.getByRole("button", { name: "Queue message" }).click();
  await eventually("both wait", async () => (await texts(queued)).join() === "one,three times");
  assert.ok(await page.getByRole("button", { name: "Stop" }).isVisible());

  await page.reload();
  await eventually("the queue has outlived the reload", async () => (await texts(queued)).join() === "one,three times");
  await eventually("the answer goes on", async () => (await shownTicks(page)) > 20);

  const mine = page.locator("article.mine:not([data-turn=unsent])");
  for (const [at, expected] of [["one", ["go on", "one"]], ["three times", ["go on", "one", "three times"]]]) {
    await page.getByRole("button", { name: "Stop" }).click();
    await eventually(`"${at}" is sent when the answer has ended`, async () => (await texts(mine)).join() === expected.join());
    await eventually("it is answered", async () => (await page.getByRole("button", { name: "Stop" }).count()) === 1 && (await shownTicks(page)) > 3);
    await eventually("the others wait", async () => (await queued.count()) === 3 - expected.length);
  }
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("button", { name: "Send" }).waitFor();
  const ask = await api(url, email);
  const id = page.url().split("/").pop();
  const { data } = await (await ask(`/api/conversations/${id}/messages?limit=100`)).json();
  assert.deepEqual(data.map((one) => (one.is_user ? one.content : "answer")), ["go on", "answer", "one", "answer", "three times", "answer"]);
  assert.equal(await queued.count(), 0);
  await tab.close();

  // On a phone Enter is a new line, and the button queues.
  const phone = await person(browser, url, PHONE);
  await signUp(phone.page, "Charles");
  await useModel(phone.page, "demo:ticks=4000,rate=40");
  await send(phone.page, "go on");
  await phone.page.waitForURL("**/c/conv_*");
  await eventually("the answer is on its way", async () => (await shownTicks(phone.page)) > 5);
  await phone.page.getByRole("textbox", { name: "Message" }).fill("next");
  await phone.page.getByRole("button", { name: "Queue message" }).click();
  const waits = phone.page.locator('[data-turn="unsent"]');
  await waits.getByText("Sent when the answer ends").waitFor();
  // No keyboard comes up by itself, and the focus is not lost either.
  await waits.getByRole("button", { name: "Remove" }).press("Enter");
  await waits.waitFor({ state: "detached" });
  assert.equal(await focused(phone.page), "main");

  // One that has failed says so, and is tried again from its place.
  const post = (route) => (route.request().method() === "POST" ? route.fulfill({ status: 500, json: { error: { message: "No", code: "internal_error" } } }) : route.continue());
  await context.route("**/api/conversations/*/messages", post);
  await send(page, "once more");
  await queued.getByRole("alert").waitFor();
  assert.equal(await queued.getAttribute("aria-busy"), "false");
  await context.unroute("**/api/conversations/*/messages", post);
  let letGo;
  const gate = new Promise((resolve) => (letGo = resolve));
  await context.route("**/api/conversations/*/messages", async (route) => {
    if (route.request().method() === "POST") await gate;
    await route.continue();
  });
  await queued.getByRole("button", { name: "Try again" }).press("Enter");
  await eventually("it is being sent", async () => (await queued.getAttribute("aria-busy")) === "true");
  assert.equal(await focused(page), "article");
  letGo();
  await mine.filter({ hasText: "once more" }).waitFor();
  await eventually("the focus is in the box", async () => (await focused(page)) === "Message");

  // Its conversation is deleted while it waits: its text is where one writes, and goes along to a new one.
  await page.goto("/");
  await send(page, "to be deleted");
  await page.waitForURL("**/c/conv_*");
  await eventually("the answer is on its way", async () => (await shownTicks(page)) > 3);
  await send(page, "not lost");
  await queued.waitFor();
  assert.equal((await ask(`/api/conversations/${page.url().split("/").pop()}`, { method: "DELETE" })).status, 200);
  await page.getByRole("alert").filter({ hasText: "Not sent. This conversation does not exist" }).waitFor();
  assert.equal(await box.inputValue(), "not lost");
  await page.getByRole("link", { name: "New chat" }).first().click();
  await page.waitForURL(`${url}/`);
  await eventually("it can begin a conversation", async () => (await box.inputValue()) === "not lost");
  await page.reload();
  assert.equal(await box.inputValue(), "not lost");
  assert.deepEqual([...problems, ...phone.problems], []);
}
