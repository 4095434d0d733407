// What the scenarios share: one headless browser, and pages that fail on what nobody expects.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

export const PASSWORD = "correct horse battery staple";

const CHROMIUM = [process.env.CHATAPP_TEST_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser's program. */
export function program() {
  const found = CHROMIUM.find((path) => path && existsSync(path));
  assert(found, "Chromium is not installed");
  return found;
}

export function launch() {
  return chromium.launch({
    executablePath: program(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
export const DESKTOP = { viewport: { width: 1280, height: 800 } };

/**
 * A browser profile of its own at the server's address. `problems` collects what must not happen:
 * exceptions, messages of the console, blocked styles and scripts, requests to somewhere else.
 */
export async function person(browser, url, options = {}) {
  const { expected = [], ...rest } = options;
  const context = await browser.newContext({
    baseURL: url,
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    ...DESKTOP,
    ...rest,
  });
  context.setDefaultTimeout(15_000);
  const problems = [];
  const add = (text) => {
    if (!expected.some((pattern) => pattern.test(text))) problems.push(text);
  };
  context.on("weberror", (error) => add(`exception: ${error.error().stack ?? error.error()}`));
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) add(`console: ${message.text()}`);
  });
  context.on("request", (request) => {
    const to = new URL(request.url());
    if (!["data:", "blob:"].includes(to.protocol) && to.origin !== new URL(url).origin) {
      add(`request to ${request.url()}`);
    }
  });
  return { context, problems, page: await context.newPage() };
}

let people = 0;

/** Signs up through the form, waits for the first screen, and returns the address. */
export async function signUp(page, name = "Ada") {
  const email = `${name.toLowerCase()}-${process.pid}-${people++}@example.org`;
  await page.goto("/signup");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("button", { name: /^Account/ }).or(page.getByRole("button", { name: "Open the sidebar" })).first().waitFor();
  return email;
}

export async function logIn(page, email) {
  await page.goto("/login");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("textbox", { name: "Message" }).waitFor();
}

/** Lets new conversations ask this model, whose name may be a script of the demo model. */
export async function useModel(page, model) {
  await page.evaluate((model) => {
    const settings = JSON.parse(localStorage.getItem("chatapp.settings") ?? "{}");
    localStorage.setItem("chatapp.settings", JSON.stringify({ ...settings, model }));
  }, model);
  await page.reload();
  await page.getByRole("textbox", { name: "Message" }).waitFor();
}

/** Checks that a text is the demo model's ticks: each once, in order, from 0 on. */
export function ticks(text) {
  const found = [...text.matchAll(/tick (\d+)/g)].map((match) => Number(match[1]));
  assert.deepEqual(found, found.map((_, at) => at), "no tick is missing or doubled");
  return found.length;
}

/** The number of ticks that are shown. */
export async function shownTicks(page) {
  return ticks(await answers(page).last().innerText());
}

/** Writes a message and sends it with Enter. */
export async function send(page, text) {
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill(text);
  await box.press("Enter");
}

/** The answers in the page, newest last. */
export const answers = (page) => page.locator("article[data-turn]:not(.mine) .answer");

/** Waits until no answer is being written and returns the newest. */
export async function answered(page) {
  await page.locator('article[data-turn][aria-busy="false"]').last().waitFor();
  await page.getByRole("button", { name: "Send" }).waitFor({ timeout: 60_000 });
  return answers(page).last().innerText();
}

/** Tries until it is so: `check` throws or returns something false until then. */
export async function eventually(what, check, limit = 15_000) {
  const end = Date.now() + limit;
  let last;
  for (;;) {
    try {
      if (await check()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`never happened: ${what}${last ? ` (${last.message})` : ""}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
