// W1, W3: Something in between answers in the server's place, or the page goes at once: nothing is lost, and the page says what it waits for.
import assert from "node:assert/strict";
import { answered, api, eventually, person, send, shownTicks, signUp, useModel } from "../browser.mjs";

const html = { contentType: "text/html", body: "<h1>Hotel Wi-Fi</h1>" };
/** What a network's login page, a proxy's fault, and a proxy without its server say. */
const ANSWERS = [
  { status: 200, ...html },
  { status: 500, ...html },
  { status: 511, ...html },
  { status: 404, contentType: "text/plain", body: "404 page not found" },
];

export default async function ({ browser, url }) {
  const { page, problems, context } = await person(browser, url, { expected: [/Failed to load resource/] });
  const email = await signUp(page);
  await useModel(page, "demo:echo,rate=0");
  const ask = await api(url, email);
  const lost = page.getByText("Connection lost. Reconnecting…").first();
  const box = page.getByRole("textbox", { name: "Message" });
  const unsent = page.locator('[data-turn="unsent"]');
  const SERVER = (one) => /^\/(api|health)\//.test(one.pathname);
  let answer;
  const between = (route) => (answer ? route.fulfill(answer) : route.fallback());
  await context.route(SERVER, between);

  for (const [at, foreign] of ANSWERS.entries()) {
    // A message waits, and is sent once.
    answer = foreign;
    await send(page, `message ${at}`);
    await lost.waitFor();
    await unsent.getByText("Not sent yet").waitFor();
    // So does a page that is loading, which does not ask for the password.
    await page.reload();
    await lost.waitFor();
    answer = undefined;
    await page.locator("article.mine:not([data-turn=unsent])").filter({ hasText: `message ${at}` }).waitFor();
    assert.match(await answered(page), new RegExp(`message ${at}`));
  }
  const { data } = await (await ask("/api/conversations")).json();
  assert.equal(data.length, 1);
  const said = async () => (await (await ask(`/api/conversations/${data[0].id}/messages`)).json()).data.filter((one) => one.is_user).map((one) => one.content);
  assert.deepEqual(await said(), ANSWERS.map((_, at) => `message ${at}`));

  // Nobody is logged out by the page of a network.
  answer = ANSWERS[0];
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.getByText("The server cannot be reached").waitFor();
  assert.notEqual(new URL(page.url()).pathname, "/login");
  // What a proxy refuses is its own refusal, and the text stays.
  answer = undefined;
  await lost.waitFor({ state: "detached" });
  const refuse = (route) => route.fulfill({ status: 403, ...html });
  await context.route("**/api/conversations/*/messages", refuse);
  await send(page, "refused");
  await page.getByRole("alert").filter({ hasText: "Something between this device and the server has refused it (HTTP 403)." }).waitFor();
  assert.equal(await box.inputValue(), "refused");
  await box.fill("");
  await context.unroute("**/api/conversations/*/messages", refuse);

  // A list that was refused says so, and is there after another try.
  const chat = page.url();
  for (const [part, name] of [["keys", "You have no keys."], ["sessions", "This device"]]) {
    await context.route(`**/api/${part}`, refuse);
    await page.goto(`/settings/${part}`);
    await page.getByRole("alert").filter({ hasText: "(HTTP 403)" }).waitFor();
    assert.equal(await page.getByText(name, { exact: true }).count(), 0);
    // The focus of the keyboard is never lost: it stays while that fails, then it is at the heading.
    const again = page.getByRole("button", { name: "Try again" });
    await again.focus();
    const refusal = page.waitForResponse(`**/api/${part}`);
    await page.keyboard.press("Enter");
    await refusal;
    await page.getByRole("alert").filter({ hasText: "(HTTP 403)" }).waitFor();
    assert.equal(await again.evaluate((button) => button === document.activeElement), true);
    await context.unroute(`**/api/${part}`, refuse);
    await page.keyboard.press("Enter");
    await page.getByText(name, { exact: true }).first().waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === "H1");
    assert.equal(await page.getByRole("alert").count(), 0);
  }
  await page.goto(chat);
  await answered(page);

  // A wish for another answer outlives a reload.
  answer = ANSWERS[0];
  await page.locator("article:not(.mine)").last().hover();
  await page.getByRole("button", { name: "Answer again" }).last().click();
  await page.getByRole("menuitem", { name: "Same model" }).click();
  await unsent.getByText("Not sent yet").waitFor();
  await page.reload();
  await lost.waitFor();
  answer = undefined;
  await page.getByRole("group", { name: "Version 2 of 2" }).waitFor();
  await context.unroute(SERVER, between);

  // What is typed without a pause is kept while it is typed.
  await box.pressSequentially("all that is written by somebody who never pauses, and so on", { delay: 20 });
  const kept = await page.evaluate(() => Object.values(localStorage).join());
  assert.match(kept, /all that is written by/);
  // Two texts in two tabs are both there when both tabs are closed.
  const tab = await context.newPage();
  await tab.goto(page.url());
  const other = tab.getByRole("textbox", { name: "Message" });
  for (const [one, text] of [[box, "one of them"], [other, "and the other"]]) {
    await one.fill(text);
    await eventually(`"${text}" is kept`, async () => (await page.evaluate(() => Object.values(localStorage).join())).includes(text));
  }
  const address = page.url();
  await tab.close();
  await page.close();
  const third = await context.newPage();
  await third.goto(address);
  await eventually("both are there", async () => {
    const text = await third.getByRole("textbox", { name: "Message" }).inputValue();
    return text.includes("one of them") && text.includes("and the other");
  });
  await third.getByRole("textbox", { name: "Message" }).fill("");

  // Who stops an answer and closes the page at once has stopped it.
  await useModel(third, "demo:ticks=4000,rate=20");
  await third.goto("/");
  await send(third, "go on");
  await third.waitForURL("**/c/conv_*");
  await eventually("the answer is on its way", async () => (await shownTicks(third)) > 3);
  const id = third.url().split("/").pop();
  await third.evaluate(() => document.querySelector('button[aria-label="Stop"]').click());
  await third.close();
  await eventually("it is stopped", async () => (await (await ask(`/api/conversations/${id}`)).json()).active_response_id === null);
  assert.deepEqual(problems, []);
}
