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

export function launch(args = []) {
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
      ...args,
    ],
  });
}

export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
export const DESKTOP = { viewport: { width: 1280, height: 800 } };

/** What every person of this run has met. */
export const met = [];

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
  context.setDefaultTimeout(PATIENCE);
  const problems = [];
  const add = (text) => {
    met.push(text);
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

/** How long something may take that takes a moment, in milliseconds: machines are slow and stall. */
const PATIENCE = 45_000;

let people = 0;

/** Signs up through the form, waits for the first screen, and returns the address. A set-up code makes the administrator's account. */
export async function signUp(page, name = "Ada", code = "") {
  const email = `${name.toLowerCase().replaceAll(" ", ".")}-${process.pid}-${people++}@example.org`;
  await page.goto(code ? `/signup#setup=${code}` : "/signup");
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

/** The API in the name of a person, without the page. */
export async function api(url, email) {
  const reply = await fetch(`${url}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const { access_token } = await reply.json();
  return async (path, options = {}) => {
    const headers = { ...options.headers, authorization: `Bearer ${access_token}` };
    const answer = await fetch(`${url}${path}`, { ...options, headers });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer;
  };
}

/** Gives a person a conversation of so many messages, by importing it; returns its id. */
export async function fill(url, email, count) {
  const ask = await api(url, email);
  const start = Date.UTC(2026, 0, 1);
  const id = (n) => `msg_${n.toString(16).padStart(32, "0")}`;
  const prose = (n) => "A message of some length, with words that wrap on every screen there is. ".repeat(1 + (n % 5));
  const answer = (n) =>
    `Answer **${n}**. ${prose(n)}\n\n- one \`${n}\`\n- two\n\n` +
    (n % 7 === 1 ? `\`\`\`rust\nfn main() {\n    println!("${n}");\n}\n\`\`\`\n\n` : "") +
    (n % 11 === 3 ? "| a | b |\n|---|---|\n| 1 | 2 |\n\n" : "") +
    (n % 13 === 5 ? "and $x^2 + y^2$ too.\n" : "");
  const messages = Array.from({ length: count }, (_, n) => ({
    id: id(n),
    parent_id: n === 0 ? null : id(n - 1),
    role: n % 2 === 0 ? "user" : "assistant",
    status: "completed",
    content: n % 2 === 0 ? `Question ${n}. ${prose(n)}` : answer(n),
    created_at: new Date(start + n * 1000).toISOString(),
    updated_at: new Date(start + n * 1000).toISOString(),
  }));
  const conversation = {
    id: `conv_${count.toString(16).padStart(32, "1")}`,
    title: "A long one",
    head_id: id(count - 1),
    created_at: new Date(start).toISOString(),
    updated_at: new Date(start + count * 1000).toISOString(),
    messages,
  };
  const [first] = await bringIn(ask, [conversation]);
  return first;
}

/** Imports conversations, as an export has them; returns their new ids. */
export async function bringIn(ask, conversations) {
  const lines = [
    { type: "export", format: "chatapp", version: 1, exported_at: new Date().toISOString() },
    ...conversations.map((one) => ({ type: "conversation", title_source: "user", ...one })),
    { type: "end", conversations: conversations.length, messages: conversations.flatMap((one) => one.messages).length },
  ];
  const reply = await ask("/api/import", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
  });
  const entries = (await reply.text()).trim().split("\n").map((line) => JSON.parse(line));
  const summary = entries.pop();
  assert.equal(summary.imported, conversations.length, JSON.stringify(entries));
  return entries.map((entry) => entry.conversation_id);
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

/** Writes a message and sends it: with Enter, which on a touch keyboard begins a new line. */
export async function send(page, text) {
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill(text);
  const touch = await page.evaluate(() => matchMedia("(pointer: coarse)").matches);
  if (touch) await page.getByRole("button", { name: /^(Send|Queue message)$/ }).click();
  else await box.press("Enter");
}

/** The answers in the page, newest last. */
export const answers = (page) => page.locator("article[data-turn]:not(.mine) .answer");

/** Waits until no answer is being written and returns the newest. */
export async function answered(page) {
  await page.locator('article[data-turn][aria-busy="false"]').last().waitFor();
  await page.getByRole("button", { name: "Send" }).waitFor({ timeout: 90_000 });
  return answers(page).last().innerText();
}

/** Remembers from the next page on what a screen reader is told, however soon it is told something else. */
export async function listen(page) {
  await page.addInitScript(() => {
    window.heard = [];
    new MutationObserver(() => {
      for (const region of document.querySelectorAll('[role="status"]')) {
        const text = region.textContent.trim();
        if (text !== "" && text !== window.heard.at(-1)) window.heard.push(text);
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  return (text) => eventually(`"${text}" is said`, () => page.evaluate((text) => window.heard.some((one) => one.includes(text)), text));
}

/** Tries until it is so: `check` throws or returns something false until then. */
export async function eventually(what, check, limit = PATIENCE) {
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
