// W4: What is typed anywhere is kept: over Escape, a click beside, another screen and a reload, until it is saved or dropped.
import assert from "node:assert/strict";
import { answered, eventually, PASSWORD, person, send, signUp, useModel } from "../browser.mjs";

export default async function ({ browser, url }) {
  const { page, problems } = await person(browser, url);
  await signUp(page);
  await useModel(page, "demo:echo,rate=0");
  const drafts = () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("chatapp.draft.")).map((key) => key.replace(/^.*user_[0-9a-f]+\./, "")));
  const kept = page.getByText("You wrote this before and have not saved it.");
  const dialog = (name) => page.getByRole("dialog", { name });
  /** The ways to leave a dialog without deciding anything. */
  const leave = [
    () => page.keyboard.press("Escape"),
    () => page.mouse.click(5, 5),
    () => page.reload(),
  ];

  // The instructions of a chat that has not begun: in the dialog, and set.
  const instructions = () => page.getByRole("button", { name: /instructions/i }).click();
  const text = dialog("Instructions").getByRole("textbox");
  await instructions();
  await text.fill("Answer");
  for (const [at, away] of leave.entries()) {
    await text.pressSequentially(` ${at}`);
    await away();
    await dialog("Instructions").waitFor({ state: "detached" });
    await instructions();
    await kept.waitFor();
    await eventually("the text is there", async () => (await text.inputValue()) === `Answer${[0, 1, 2].slice(0, at + 1).map((n) => ` ${n}`).join("")}`);
    await text.press("End");
  }
  await text.fill("Answer in rhymes");
  await dialog("Instructions").getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "This conversation has instructions" }).waitFor();
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await page.goto("/");
  const created = page.waitForRequest((request) => request.method() === "POST" && /instructions/.test(request.postData() ?? ""));
  await page.getByRole("button", { name: "This conversation has instructions" }).waitFor();
  await send(page, "first");
  assert.match((await created).postData(), /Answer in rhymes/);
  await page.waitForURL("**/c/conv_*");
  assert.match(await answered(page), /first/);
  assert.deepEqual(await drafts(), [], "what was used is no draft any more");

  // Those of a conversation, and its name; Cancel drops them on purpose.
  const menu = async (item) => {
    await page.getByRole("button", { name: "Options of this conversation" }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  for (const [item, title, field] of [
    ["Instructions", "Instructions", dialog("Instructions").getByRole("textbox")],
    ["Rename", "Rename", dialog("Rename").getByLabel("Title")],
  ]) {
    await menu(item);
    const before = await field.inputValue();
    await field.fill("something else");
    for (const away of leave) {
      await away();
      await dialog(title).waitFor({ state: "detached" });
      await menu(item);
      await kept.waitFor();
      assert.equal(await field.inputValue(), "something else");
    }
    await dialog(title).getByRole("button", { name: "Cancel" }).click();
    assert.deepEqual(await drafts(), []);
    await menu(item);
    assert.equal(await field.inputValue(), before);
    assert.equal(await kept.count(), 0);
    await page.keyboard.press("Escape");
  }

  // A message that is being said differently.
  const mine = page.locator("article.mine").first();
  const box = page.getByRole("textbox", { name: "Edit" });
  const edit = async () => {
    await mine.hover();
    await mine.getByRole("button", { name: "Edit" }).click();
  };
  await edit();
  await box.fill("second, half");
  await page.keyboard.press("Escape");
  await box.waitFor({ state: "detached" });
  await edit();
  assert.equal(await box.inputValue(), "second, half");
  await page.getByRole("link", { name: "New chat" }).first().click();
  await page.waitForURL(`${url}/`);
  await page.goBack();
  await page.reload();
  // While there is no room for another message it stays where it is.
  await page.evaluate(() => {
    const user = localStorage.getItem("chatapp.user");
    const failed = { name: "Refused", message: "Full", status: 500 };
    for (let at = 0; at < 50; at += 1) {
      const one = { key: `full_${at}`, conversation: "conv_other", content: "waits", rest: {}, at, tried: 1, failed };
      localStorage.setItem(`chatapp.outbox.${user}.${one.key}`, JSON.stringify(one));
    }
  });
  await page.reload();
  await edit();
  await page.getByText("You wrote this before").waitFor();
  assert.equal(await box.inputValue(), "second, half");
  await box.fill("second, whole");
  await box.press("Control+Enter");
  await page.getByText("Too many messages are waiting to be sent").waitFor();
  assert.equal(await box.inputValue(), "second, whole");
  await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes(".full_")).forEach((key) => localStorage.removeItem(key)));
  await page.reload();
  await edit();
  assert.equal(await box.inputValue(), "second, whole");
  await box.press("Control+Enter");
  await page.getByRole("group", { name: "Version 2 of 2" }).waitFor();
  await eventually("the answer to it", async () => /second, whole/.test(await answered(page)));
  assert.deepEqual(await drafts(), []);

  // Settings.
  await page.goto("/settings/account");
  const name = page.getByRole("region", { name: "Profile" }).getByLabel("Name", { exact: true });
  await name.fill("Ada, half");
  await page.goto("/settings/keys");
  const key = page.getByLabel("Name of the key");
  await key.fill("backup of");
  await page.reload();
  assert.equal(await key.inputValue(), "backup of");
  await key.fill("backup of everything");
  await page.getByLabel("Current password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("alert").locator("code").waitFor();
  await page.goto("/settings/account");
  assert.equal(await name.inputValue(), "Ada, half");
  await name.fill("Ada King");
  await page.getByRole("region", { name: "Profile" }).getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Account: Ada King" }).waitFor();
  assert.deepEqual(await drafts(), []);
  await page.reload();
  assert.equal(await name.inputValue(), "Ada King");
  assert.deepEqual(problems, []);
}
