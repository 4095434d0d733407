// What was said is found again while one types, and shown where it was said.
import assert from "node:assert/strict";
import { answered, answers, api, bringIn, eventually, fill, person, PHONE, send, signUp, useModel } from "../browser.mjs";

export default async function ({ browser, url }) {
  const { page, problems } = await person(browser, url, { expected: [/status of 50\d/, /Failed to load resource/] });
  const email = await signUp(page);
  await useModel(page, "demo:echo,rate=0");

  // Two branches: the one that is not shown has a word of its own.
  await send(page, "the heron stands in the reeds");
  await page.waitForURL("**/c/conv_*");
  await answered(page);
  const birds = new URL(page.url()).pathname;
  await page.locator("article.mine").first().hover();
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("textbox", { name: "Edit" }).fill("the kingfisher dives");
  await page.keyboard.press("Control+Enter");
  await eventually("the other branch", async () => (await answers(page).allInnerTexts()).join() === "the kingfisher dives");
  await answered(page);
  const ask = await api(url, email);
  const long = await fill(url, email, 400);
  const now = new Date().toISOString();
  const said = (role, content, n) => ({ id: `msg_${n.toString(16).padStart(32, "f")}`, parent_id: n === 0 ? null : `msg_${"0".padStart(32, "f")}`, role, status: "completed", content, created_at: now, updated_at: now });
  await bringIn(ask, [
    { id: `conv_${"2".repeat(32)}`, title: "Weather in Lisbon", head_id: `msg_${"1".padStart(32, "f")}`, created_at: now, updated_at: now, messages: [said("user", "🌈🌈 a rainbow over the heron's nest <b>bold</b>", 0), said("assistant", "日本語でも探せます", 1)] },
  ]);
  await page.goto("/");
  const box = page.getByRole("textbox", { name: "Message" });
  await box.waitFor();
  await page.getByRole("link", { name: "Weather in Lisbon" }).waitFor();

  const dialog = page.getByRole("dialog", { name: "Search" });
  const field = dialog.getByRole("combobox");
  const results = dialog.getByRole("option");
  const chosen = dialog.locator('[aria-selected="true"]');
  const open = async () => {
    await page.keyboard.press("Control+KeyK");
    await dialog.waitFor();
  };
  const marks = () => dialog.locator("mark").allInnerTexts();

  // Nothing typed yet: the conversations of late. Escape leads back to where one was.
  await box.focus();
  await open();
  await dialog.getByText("Recent conversations").waitFor();
  assert.equal(await results.count(), 3);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await eventually("the focus is back", () => page.evaluate(() => document.activeElement.id === "composer"));

  // The branch that is not shown: arrows and Enter lead to its message.
  await page.getByRole("button", { name: /^Search/ }).click();
  await field.fill("heron");
  await eventually("what has the word", async () => (await results.count()) === 4 && (await marks()).every((text) => text === "heron"));
  await eventually("it is told", async () => (await dialog.getByRole("status").innerText()) === "4 results");
  const reeds = results.filter({ hasText: "You: the heron stands" });
  for (let step = 0; step < 4 && !/You: the heron stands/.test(await chosen.innerText()); step += 1) {
    await page.keyboard.press("ArrowDown");
  }
  assert.equal(await field.getAttribute("aria-activedescendant"), await reeds.getAttribute("id"));
  await page.keyboard.press("Enter");
  await page.waitForURL(`**${birds}`);
  const found = page.locator("article.found");
  await found.getByText("the heron stands in the reeds").waitFor();
  await eventually("its branch is shown", async () => (await answers(page).allInnerTexts()).join() === "the heron stands in the reeds");
  await eventually("it has the focus", () => found.evaluate((turn) => turn === document.activeElement));
  // The same conversation again, and the way back to its other branch.
  await open();
  await field.fill("kingfisher");
  await eventually("both messages", async () => (await results.count()) === 2);
  await results.filter({ hasText: "Answer: the kingfisher" }).click();
  await found.getByText("the kingfisher dives").waitFor();

  // Far up in a long conversation, whose titles are found, too.
  await open();
  await field.fill("long one");
  await results.filter({ hasText: "A long one" }).first().waitFor();
  assert.deepEqual((await marks()).slice(0, 2), ["long", "one"]);
  await field.fill("Question 8");
  await results.filter({ hasText: "Question 8." }).first().click();
  await page.waitForURL(`**/c/${long}`);
  await eventually("the message is in view", async () => (await found.count()) === 1 && (await found.innerText()).includes("Question 8.") && (await found.evaluate((turn) => {
    const { top, bottom } = turn.getBoundingClientRect();
    return top > 0 && bottom < innerHeight;
  })));

  // Highlights count as the browser does, and what was written stays text.
  await open();
  await field.fill("rainbow bold");
  await results.first().waitFor();
  await eventually("both words", async () => (await marks()).join() === "rainbow,bold");
  assert.match(await results.first().innerText(), /🌈🌈 a rainbow over the heron's nest <b>bold<\/b>/);
  assert.equal(await results.first().locator("b").count(), 0);
  await field.fill("語");
  await eventually("any part of a script without spaces", async () => (await marks()).join() === "語");

  // More than a page; the keyboard goes on with the first that is new.
  await field.fill("words wrap");
  await eventually("a page", async () => (await results.count()) === 20);
  await dialog.getByRole("button", { name: "Show more" }).click();
  await eventually("two pages", async () => (await results.count()) === 40);
  await eventually("the first of them", async () => (await chosen.getAttribute("id")) === (await results.nth(20).getAttribute("id")));

  // Nothing; nothing yet; not searchable; and a server that fails.
  await field.fill("zzyzx");
  await dialog.getByText("Nothing found for “zzyzx”").first().waitFor();
  await field.fill("a b c d e f g h i j k l m n o p q");
  await dialog.getByRole("alert").filter({ hasText: "at most 16 words" }).waitFor();
  const page_ = (data, more) => JSON.stringify({ object: "list", data, has_more: more, next_cursor: more ? "page_x" : null, indexing: false });
  const hit = { type: "title", conversation_id: long, conversation_title: "A long one", message_id: null, role: null, snippet: "A long one", highlights: [], created_at: now };
  let asked = 0;
  // One empty page after the other, more than are asked for without the person.
  await page.route("**/api/search?q=patience*", (route) => route.fulfill({ contentType: "application/json", body: ++asked < 8 ? page_([], true) : page_([hit], false) }));
  await field.fill("patience");
  await dialog.getByText("Nothing found yet.").first().waitFor();
  assert.equal(asked, 5);
  await dialog.getByRole("button", { name: "Go on searching" }).click();
  await eventually("it is found", async () => (await results.count()) === 1 && asked === 8);
  let broken = true;
  await page.route("**/api/search?q=broken*", (route) =>
    broken ? route.fulfill({ status: 500, contentType: "application/json", body: "{}" }) : route.fulfill({ contentType: "application/json", body: page_([hit], false) }),
  );
  await field.fill("broken");
  await dialog.getByRole("alert").waitFor();
  broken = false;
  await dialog.getByRole("button", { name: "Try again" }).click();
  await eventually("it works again", async () => (await results.count()) === 1);

  // An answer that is late is not shown for another question.
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const slow = page.waitForRequest("**/api/search?q=slow*");
  await page.route("**/api/search?q=slow*", async (route) => {
    await held;
    await route.fulfill({ contentType: "application/json", body: page_([hit], false) }).catch(() => {});
  });
  await field.fill("slow");
  await slow;
  await field.fill("kingfisher");
  await eventually("the newer answer", async () => (await marks()).join() === "kingfisher,kingfisher");
  release();
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  assert.equal((await marks()).join(), "kingfisher,kingfisher");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });

  // On a phone from the drawer, with a finger.
  const phone = await person(browser, url, { ...PHONE, storageState: await page.context().storageState() });
  await page.context().close();
  await phone.page.goto("/");
  await phone.page.getByRole("button", { name: "Open the sidebar" }).tap();
  await phone.page.getByRole("button", { name: /^Search/ }).tap();
  await phone.page.getByRole("dialog", { name: "Search" }).getByRole("combobox").fill("lisbon");
  await phone.page.getByRole("option", { name: /Weather in Lisbon/ }).tap();
  await phone.page.getByRole("heading", { level: 1, name: "Weather in Lisbon" }).waitFor();
  assert.deepEqual([...problems, ...phone.problems], []);
}
