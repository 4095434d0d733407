// Everything without a mouse, and nothing that a screen reader would miss.
import assert from "node:assert/strict";
import { answered, answers, eventually, listen, PASSWORD, person, useModel } from "../browser.mjs";

const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element.getAttribute("aria-label") ?? element.id ?? element.textContent;
  });

export default async function ({ browser, url }) {
  const { page, problems } = await person(browser, url, { permissions: ["clipboard-read", "clipboard-write"] });
  const heard = await listen(page);
  await page.goto("/signup");
  // The heading is there while the page still opens.
  await page.getByRole("textbox", { name: "Name", exact: true }).waitFor();
  const keys = async (...all) => {
    for (const key of all) await page.keyboard.press(key);
  };
  await keys("Tab");
  await page.keyboard.type("Ada");
  await keys("Tab");
  await page.keyboard.type(`keyboard-${process.pid}@example.org`);
  await keys("Tab");
  await page.keyboard.type(PASSWORD);
  await keys("Enter");
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  assert.equal(await focused(page), "Message", "one can write at once");
  await useModel(page, "demo:ticks=60,rate=40");

  await page.keyboard.type("first");
  await keys("Enter");
  await page.waitForURL("**/c/conv_*");
  await eventually("the focus stays where one writes", async () => (await focused(page)) === "Message");
  await heard("Answer started");
  await answered(page);
  await heard("Answer finished");

  // The first Tab of a page is a way past everything.
  await page.reload();
  await answered(page);
  await keys("Tab");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Skip to the message box/);
  await keys("Enter");
  await eventually("the link leads there", async () => (await focused(page)) === "Message");

  // From turn to turn, and back.
  await keys("Alt+ArrowUp");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "ARTICLE");
  const last = await page.evaluate(() => document.activeElement.dataset.turn);
  await keys("Alt+ArrowUp");
  assert.ok(await page.evaluate(() => document.activeElement.classList.contains("mine")));
  await keys("Alt+ArrowDown");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.turn), last);
  // What appears under a mouse appears under the focus, too.
  await keys("Tab");
  assert.equal(await focused(page), "Copy answer");
  await keys("Enter");
  await heard("Copied");
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^tick 0\s/);
  await keys("Shift+Escape");
  assert.equal(await focused(page), "Message");

  // Stop with Escape; the sidebar, the list of shortcuts and a new chat.
  await useModel(page, "demo:ticks=4000,rate=40");
  await keys("Control+Shift+KeyO");
  await page.waitForURL(`${url}/`);
  assert.equal(await focused(page), "Message");
  await page.keyboard.type("second");
  await keys("Enter");
  await page.waitForURL("**/c/conv_*");
  await eventually("an answer is on its way", async () => (await answers(page).last().innerText()).includes("tick 3"));
  await keys("Escape");
  await heard("Stopped");
  await keys("Control+Shift+KeyS");
  await page.getByRole("navigation", { name: "Conversations" }).waitFor({ state: "detached" });
  await keys("Control+Shift+KeyS");
  await page.getByRole("navigation", { name: "Conversations" }).waitFor();
  await keys("Control+/");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await keys("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await keys("Control+Shift+KeyO");
  await page.waitForURL(`${url}/`);
  assert.equal(await focused(page), "Message");

  // A menu: arrows, letters, Escape; what it opens gives the focus back.
  const options = page.getByRole("button", { name: "Options for “first”" });
  await options.focus();
  await keys("Enter");
  await eventually("the first item", () => page.evaluate(() => document.activeElement.textContent.trim() === "Rename"));
  await keys("ArrowUp");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Delete/);
  await keys("r");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Rename/);
  await keys("Enter");
  const dialog = page.getByRole("dialog", { name: "Rename" });
  await dialog.waitFor();
  await page.keyboard.type("By hand");
  await keys("Enter");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "By hand" }).waitFor();
  await eventually("the focus is back", async () => /Options for “By hand”/.test(await focused(page)));
  // Another conversation is announced by its heading.
  await page.getByRole("link", { name: "By hand" }).focus();
  await keys("Enter");
  await page.waitForURL("**/c/conv_*");
  await eventually("the heading has the focus", () => page.evaluate(() => document.activeElement.tagName === "H1"));
  // Deleting moves on to the neighbour or the start, never to nowhere.
  await options.or(page.getByRole("button", { name: "Options for “By hand”" })).focus();
  await keys("Enter", "End", "Enter");
  await page.waitForURL(`${url}/`);
  await eventually("something has the focus", () => page.evaluate(() => document.activeElement !== document.body));
  assert.deepEqual(problems.filter((one) => !/status of 404/.test(one)), []);
}
