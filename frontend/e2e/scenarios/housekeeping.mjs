// Conversations are pinned, put aside, thrown away and brought back; keys and sessions are managed.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { answered, eventually, logIn, person, send, signUp, useModel } from "../browser.mjs";

export default async function ({ browser, url }) {
  const { page, problems, context } = await person(browser, url, { expected: [/status of 40[14]/], acceptDownloads: true });
  const email = await signUp(page);
  await useModel(page, "demo:echo,rate=0");
  const list = page.getByRole("navigation", { name: "Conversations" });
  const row = (title) => list.getByRole("link", { name: title });
  const menu = async (title, item) => {
    await row(title).hover();
    await page.getByRole("button", { name: `Options for “${title}”` }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  for (const title of ["first", "second", "third"]) {
    await page.goto("/");
    await send(page, title);
    await page.waitForURL("**/c/conv_*");
    assert.equal(await answered(page), title);
  }
  const titles = () => list.getByRole("link").allInnerTexts();
  await eventually("newest first", async () => (await titles()).join() === "third,second,first");

  await menu("first", "Pin");
  await eventually("pinned on top", async () => (await titles()).join() === "first,third,second");
  await list.getByRole("heading", { name: "Pinned" }).waitFor();
  await page.reload();
  await eventually("still", async () => (await titles()).join() === "first,third,second");

  // Deleted and undone while it is open, then for good.
  await row("third").click();
  const path = new URL(page.url()).pathname;
  await menu("third", "Delete");
  await page.waitForURL(`${url}/`);
  await eventually("gone", async () => (await titles()).join() === "first,second");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForURL(`**${path}`);
  assert.equal(await answered(page), "third");
  await menu("second", "Archive");
  await menu("third", "Delete");
  await eventually("one is left", async () => (await titles()).join() === "first");

  await page.goto("/settings/data");
  const archived = page.getByRole("region", { name: "Archived conversations" });
  await archived.getByRole("button", { name: "Put back: second" }).click();
  await archived.getByText("Nothing is archived.").waitFor();
  const trash = page.getByRole("region", { name: "Trash" });
  await trash.getByRole("button", { name: "Delete for good: third" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete for good" }).click();
  await trash.getByText("The trash is empty.").waitFor();
  await eventually("put back", async () => (await titles()).join() === "first,second");

  // Out and in again: what is there stays, what was removed comes back.
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "JSON Lines" }).click();
  const file = await (await saved).path();
  assert.match(await readFile(file, "utf8"), /second/);
  await menu("second", "Delete");
  await eventually("it is in the trash", async () => (await titles()).join() === "first");
  await page.reload();
  await page.getByRole("button", { name: "Delete for good: second" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete for good" }).click();
  await page.locator('input[type="file"]').setInputFiles({ name: "export.jsonl", mimeType: "application/x-ndjson", buffer: await readFile(file) });
  await page.getByText("1 conversation with 2 messages imported").waitFor();
  await eventually("imported", async () => (await titles()).join() === "first,second");
  // What cannot be imported is told with its reason.
  const broken = (await readFile(file, "utf8")).replaceAll('"role":"user"', '"role":"nobody"');
  await page.locator('input[type="file"]').setInputFiles({ name: "broken.jsonl", mimeType: "application/x-ndjson", buffer: Buffer.from(broken) });
  await page.getByText("could not be read").waitFor();
  await eventually("why", async () => /: .{10}/.test(await page.getByRole("region", { name: "Import" }).getByRole("listitem").first().innerText()));
  const markdown = page.waitForEvent("download");
  await menu("first", "Save as Markdown");
  assert.match((await markdown).suggestedFilename(), /\.md$/);

  // A key opens the API until it is revoked.
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByLabel("Name of the key").fill("backup");
  await page.getByLabel("Current password").fill("correct horse battery staple");
  await page.getByRole("button", { name: "Create key" }).click();
  const key = await page.getByRole("alert").locator("code").innerText();
  const asks = () => fetch(`${url}/api/me`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal((await asks()).status, 200);
  await page.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByText("You have no keys.").waitFor();
  assert.equal((await asks()).status, 401);

  // Another device is logged out from here. What is written there is kept for after the login.
  const device = await person(browser, url, { expected: [/status of 401/] });
  await logIn(device.page, email);
  await device.page.getByRole("link", { name: "first" }).click();
  await device.page.getByRole("textbox", { name: "Message" }).fill("a thought");
  await page.getByRole("link", { name: "Sessions" }).click();
  await page.getByRole("button", { name: "End session" }).click();
  await page.getByRole("button", { name: "End session" }).waitFor({ state: "detached" });
  await device.page.keyboard.press("Enter");
  const dialog = device.page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.getByLabel("Password", { exact: true }).fill("correct horse battery staple");
  await dialog.getByRole("button", { name: "Log in" }).click();
  await dialog.waitFor({ state: "detached" });
  await device.page.getByText("a thought").first().waitFor();

  // Themes are chosen at once and kept without a flash of the other one.
  await page.getByRole("link", { name: "General" }).click();
  await page.getByLabel("Dark").check();
  const dark = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const colour = await dark();
  await page.reload({ waitUntil: "commit" });
  await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
  await page.waitForLoadState();
  assert.equal(await dark(), colour);
  await page.getByRole("switch", { name: "Keyboard shortcuts" }).uncheck();
  await page.keyboard.press("Control+/");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.getByRole("switch", { name: "Keyboard shortcuts" }).check();
  await page.keyboard.press("Control+/");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await context.close();
  assert.deepEqual([...problems, ...device.problems], []);
}
