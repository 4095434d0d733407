// Somebody comes for the first time: account, first answer, reload in its middle, logging out.
import assert from "node:assert/strict";
import { answered, answers, eventually, logIn, person, send, signUp, useModel } from "../browser.mjs";

export default async function ({ browser, url, ask }) {
  // A wrong password is answered with 401, which the browser's console repeats.
  const expected = [/status of 401/];
  const { page, problems, context } = await person(browser, url, { expected });

  // A server without accounts leads its first visitor to making the administrator's.
  await page.goto("/");
  await page.waitForURL("**/signup");
  await page.getByRole("heading", { level: 1, name: "Set up ChatApp" }).waitFor();
  await page.getByText("This server has no administrator yet.").waitFor();
  await page.getByText("The server prints it at its start").waitFor();
  assert.equal(await page.title(), "Set up ChatApp – ChatApp");
  await page.getByRole("link", { name: "Log in" }).click();
  await page.getByRole("link", { name: "Set it up now" }).waitFor();

  // A deep link of somebody who is not logged in leads back to where they wanted to go.
  await page.goto("/settings/sessions");
  await page.waitForURL("**/signup");
  const email = await signUp(page, "Ada", await ask("setup"));
  await page.waitForURL("**/settings/sessions");

  // The next one is nobody special.
  const next = await person(browser, url);
  await next.page.goto("/");
  await next.page.waitForURL("**/login");
  await next.page.getByRole("heading", { level: 1, name: "Welcome back" }).waitFor();
  await next.page.getByRole("link", { name: "Create account" }).click();
  await next.page.getByRole("heading", { level: 1, name: "Create your account" }).waitFor();
  assert.equal(await next.page.getByText("administrator").count(), 0);
  assert.deepEqual(next.problems, []);
  await next.context.close();

  // Slowly enough that it is still being written when the page is there again.
  await page.goto("/");
  await useModel(page, "demo:rate=12");
  await send(page, "Why is the sky blue?");
  await page.waitForURL("**/c/conv_*");
  await eventually("the answer begins", async () => (await answers(page).last().innerText()).length > 40);
  const begun = await answers(page).last().innerText();
  await page.reload();
  await eventually("the answer goes on", async () => (await answers(page).last().innerText()).length > begun.length);
  const whole = await answered(page);
  assert.ok(whole.startsWith(begun.slice(0, 30)), "the text is the same from its beginning on");
  assert.match(whole, /built-in demo model/);
  assert.equal(await page.locator(".markdown table td").first().innerText(), "/slow");
  await page.locator("pre .hljs-string, pre .hljs-comment").first().waitFor();

  // The title is the first line, and the address leads to the same screen in a new tab.
  assert.equal(await page.title(), "Why is the sky blue? – ChatApp");
  const second = await context.newPage();
  await second.goto(page.url());
  assert.equal(await answered(second), whole);
  await second.close();

  // Signed in after a restart of the browser: all it keeps are cookies and storage. The browser from
  // before is closed, since a cookie that was renewed is good for some seconds only.
  const stored = await context.storageState();
  await context.close();
  const later = await person(browser, url, { storageState: stored, expected });
  const again = later.page;
  await again.goto("/");
  await again.getByRole("link", { name: "Why is the sky blue?" }).click();
  assert.equal(await answered(again), whole);
  const [cookie] = stored.cookies;
  assert.ok(cookie.httpOnly && cookie.sameSite === "Strict" && cookie.path === "/api/auth", JSON.stringify(cookie));
  assert.equal(await again.evaluate(() => document.cookie), "");

  // Logging out in one tab logs out the others.
  const other = await later.context.newPage();
  await other.goto("/");
  await other.getByRole("textbox", { name: "Message" }).waitFor();
  await again.bringToFront();
  await again.getByRole("button", { name: /^Account/ }).click();
  await again.getByRole("menuitem", { name: "Log out" }).click();
  await again.waitForURL("**/login");
  await other.waitForURL("**/login");
  await again.goto("/");
  await again.waitForURL("**/login");
  await again.getByLabel("E-mail address").fill(email);
  await again.getByLabel("Password", { exact: true }).fill("not the password");
  await again.getByRole("button", { name: "Log in" }).click();
  await again.getByRole("alert").filter({ hasText: "is wrong" }).waitFor();
  await logIn(again, email);
  await again.getByRole("link", { name: "Why is the sky blue?" }).waitFor();

  await again.goto("/nowhere/at/all");
  await again.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await again.goto(`/c/conv_${"0".repeat(32)}`);
  await again.getByText("This conversation does not exist").waitFor();
  assert.deepEqual([...problems, ...later.problems].filter((one) => !/status of 404/.test(one)), []);
}
