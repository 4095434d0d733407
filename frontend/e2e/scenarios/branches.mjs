// A message is edited, an answer made again, and the versions are looked through.
import assert from "node:assert/strict";
import { answered, answers, eventually, person, send, signUp, useModel } from "../browser.mjs";

export default async function ({ browser, url }) {
  const { page, problems } = await person(browser, url);
  await signUp(page);
  await useModel(page, "demo:echo,rate=0");
  await send(page, "alpha");
  assert.equal(await answered(page), "alpha");
  await send(page, "beta");
  await eventually("the second answer", async () => (await answers(page).count()) === 2);
  assert.equal(await answered(page), "beta");

  // The first message becomes another one; what hung below the old one is kept beside it.
  const first = page.locator("article.mine").first();
  await first.hover();
  await first.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("textbox", { name: "Edit" }).fill("gamma");
  await page.keyboard.press("Control+Enter");
  await eventually("the new branch", async () => (await answers(page).allInnerTexts()).join() === "gamma");
  await page.getByRole("group", { name: "Version 2 of 2" }).waitFor();

  await page.getByRole("button", { name: "Previous version" }).click();
  await eventually("the old branch", async () => (await answers(page).allInnerTexts()).join() === "alpha,beta");
  // The keyboard goes on where it is.
  await eventually("the focus is on the way back", () =>
    page.evaluate(() => document.activeElement?.getAttribute("aria-label") === "Next version"),
  );
  await page.keyboard.press("Enter");
  await eventually("the new branch again", async () => (await answers(page).allInnerTexts()).join() === "gamma");

  // Another answer, of another model.
  await page.locator("article:not(.mine)").last().hover();
  await page.getByRole("button", { name: "Answer again" }).click();
  await page.getByRole("menuitem", { name: "demo", exact: true }).click();
  await page.getByRole("group", { name: "Version 2 of 2" }).nth(1).waitFor();
  assert.match(await answered(page), /built-in demo model/);
  await page.getByRole("button", { name: "About this answer" }).last().click();
  await page.getByText(/tokens read/).waitFor();
  await page.reload();
  assert.match(await answered(page), /built-in demo model/);
  await page.locator("article:not(.mine)").last().getByRole("button", { name: "Previous version" }).click();
  await eventually("the answer before", async () => (await answers(page).allInnerTexts()).join() === "gamma");

  // Escape leaves the message as it was.
  await first.hover();
  await first.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("textbox", { name: "Edit" }).fill("never sent");
  await page.keyboard.press("Escape");
  await page.locator("article.mine").filter({ hasText: "gamma" }).waitFor();

  // Instructions are told to the model before everything else.
  await page.getByRole("button", { name: "Options of this conversation" }).click();
  await page.getByRole("menuitem", { name: "Instructions" }).click();
  await page.getByRole("textbox", { name: "Instructions" }).fill("Answer in verse.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const id = page.url().split("/").at(-1);
  const stored = page.waitForResponse((reply) => reply.url().endsWith(`/api/conversations/${id}`) && reply.request().method() === "GET");
  await page.reload();
  assert.equal((await (await stored).json()).instructions, "Answer in verse.");
  assert.deepEqual(problems, []);
}
