// An account gets another name, address and password, is exported, and is deleted: the last one, so that the next begins anew.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { eventually, logIn, PASSWORD, person, signUp } from "../browser.mjs";

const NEXT = "battery staple correct horse";

export default async function ({ browser, url, ask: server }) {
  // What is refused, the browser's console repeats.
  const expected = [/status of 40[139]/, /status of 429/];
  const { page, problems } = await person(browser, url, { expected, acceptDownloads: true });
  const email = await signUp(page, "Ada", await server("setup"));
  const other = await person(browser, url, { expected });
  const taken = await signUp(other.page, "Charles");
  const renewals = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/api/auth/refresh")) renewals.push(request.url());
  });

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Account" }).click();
  const profile = page.getByRole("region", { name: "Profile" });
  await profile.getByText("You are an administrator of this server.").waitFor();
  const save = profile.getByRole("button", { name: "Save" });
  assert.ok(await save.isDisabled(), "nothing is different yet");
  await profile.getByLabel("Name", { exact: true }).fill("Ada King");
  await save.click();
  await profile.getByText("Saved").waitFor();
  await page.getByRole("button", { name: "Account: Ada King" }).waitFor();

  // Another address takes the password; the same one in capitals is none.
  const address = profile.getByLabel("E-mail address");
  const password = profile.getByLabel("Current password");
  await address.fill(email.toUpperCase());
  assert.ok(await save.isDisabled());
  assert.equal(await password.count(), 0);
  await address.fill(taken);
  await password.fill(PASSWORD);
  await save.click();
  await profile.getByRole("alert").filter({ hasText: "There is an account with this e-mail address already." }).waitFor();
  const moved = `moved-${email}`;
  await address.fill(moved);
  // A wrong password is told, and after some of them how long to wait, also for the right one.
  await password.fill("not this one");
  await save.click();
  await profile.getByRole("alert").filter({ hasText: "The current password is wrong." }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.name), "current_password");
  const answer = (path) => page.waitForResponse((reply) => new URL(reply.url()).pathname === path && reply.request().method() !== "GET");
  const press = async (path, button) => {
    const [reply] = await Promise.all([answer(path), button.click()]);
    return reply.status();
  };
  await eventually("the next has to wait", async () => (await press("/api/me", save)) === 429);
  await profile.getByRole("alert").filter({ hasText: /Too many attempts. Wait \d+ sec/ }).waitFor();
  await password.fill(PASSWORD);
  await eventually("it is over", async () => (await press("/api/me", save)) === 200);
  await profile.getByText("Saved").waitFor();
  assert.equal(await password.count(), 0);
  assert.deepEqual(renewals, [], "a wrong password is no reason for another token");

  // Another password: other sessions are over, this one goes on.
  const device = await person(browser, url, { expected });
  await logIn(device.page, moved);
  const form = page.getByRole("region", { name: "Password" });
  const change = form.getByRole("button", { name: "Change password" });
  await form.getByLabel("Current password").fill("not this one");
  await form.getByLabel("New password").fill(NEXT);
  await change.click();
  await form.getByRole("alert").filter({ hasText: "The current password is wrong." }).waitFor();
  await form.getByLabel("Current password").fill(PASSWORD);
  await change.click();
  await form.getByText("Your password is changed, and every other session has ended.").waitFor();
  assert.equal(await form.getByLabel("New password").inputValue(), "");
  await device.page.reload();
  await device.page.waitForURL("**/login");
  await device.page.getByLabel("E-mail address").fill(moved);
  await device.page.getByLabel("Password", { exact: true }).fill(NEXT);
  await device.page.getByRole("button", { name: "Log in" }).click();
  await device.page.getByRole("button", { name: "Account: Ada King" }).waitFor();
  await page.reload();
  await profile.waitFor();

  // Everything that is stored of somebody, before they go.
  const saved = page.waitForEvent("download");
  const stored = page.getByRole("region", { name: "Your data" });
  await stored.getByLabel("Current password").fill("not this one");
  await stored.getByRole("button", { name: "Export my data" }).click();
  await stored.getByRole("alert").filter({ hasText: "The current password is wrong." }).waitFor();
  await stored.getByLabel("Current password").fill(NEXT);
  await stored.getByRole("button", { name: "Export my data" }).click();
  assert.equal((await saved).suggestedFilename(), "chatapp-data.zip");
  const archive = await readFile(await (await saved).path());
  assert.equal(archive.subarray(0, 2).toString(), "PK");
  assert.ok(archive.includes("conversations.jsonl"));
  assert.equal(await stored.getByLabel("Current password").inputValue(), "");

  // Who administers the others cannot go; who can goes with everything this browser keeps.
  const ask = async (page, typed, secret) => {
    await page.getByRole("button", { name: "Delete account" }).click();
    const dialog = page.getByRole("dialog", { name: "Delete your account?" });
    const button = dialog.getByRole("button", { name: "Delete for good" });
    await dialog.getByLabel("Current password").fill(secret);
    await dialog.getByLabel(/^To be sure, type/).fill("somebody else");
    assert.ok(await button.isDisabled());
    await dialog.getByLabel(/^To be sure, type/).fill(typed);
    await button.click();
    return dialog;
  };
  let dialog = await ask(page, moved, NEXT);
  await dialog.getByRole("alert").filter({ hasText: "You are the only administrator." }).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });

  await other.page.getByRole("textbox", { name: "Message" }).fill("a draft");
  await other.page.goto("/settings/account");
  assert.equal(await other.page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("draft")).length), 1);
  dialog = await ask(other.page, taken, "not this one");
  await dialog.getByRole("alert").filter({ hasText: "The current password is wrong." }).waitFor();
  await dialog.getByLabel("Current password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Delete for good" }).click();
  await other.page.waitForURL("**/login");
  await other.page.getByRole("heading", { level: 1, name: "Welcome back" }).waitFor();
  assert.equal(await other.page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("draft")).length), 0);
  await other.page.getByLabel("E-mail address").fill(taken);
  await other.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await other.page.getByRole("button", { name: "Log in" }).click();
  await other.page.getByRole("alert").filter({ hasText: "is wrong" }).waitFor();

  await ask(page, moved.toUpperCase(), NEXT);
  await page.waitForURL("**/signup");
  await page.getByRole("heading", { level: 1, name: "Set up ChatApp" }).waitFor();
  // The other device finds out as soon as it asks for something.
  await device.page.reload();
  await device.page.waitForURL("**/signup");
  assert.deepEqual([...problems, ...other.problems, ...device.problems], []);
}
