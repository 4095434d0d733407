// The page speaks the browser's language, or the one that was chosen, and loads no other.
import assert from "node:assert/strict";
import { fill, PASSWORD, person } from "../browser.mjs";

export default async function ({ browser, url, ask }) {
  const { page, problems, context } = await person(browser, url, { locale: "de-DE" });
  const loaded = [];
  page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  const catalogues = () => loaded.filter((path) => /\/assets\/(de|ja)-/.test(path)).map((path) => path.slice(8, 10));
  const language = () => page.evaluate(() => document.documentElement.lang);

  await page.goto("/");
  await page.getByRole("heading", { level: 1, name: "ChatApp einrichten" }).waitFor();
  assert.equal(await language(), "de");
  assert.deepEqual(catalogues(), ["de"]);
  const email = `erika-${process.pid}@example.org`;
  await page.getByLabel("Name", { exact: true }).fill("Erika");
  await page.getByLabel("E-Mail-Adresse").fill(email);
  await page.getByLabel("Passwort", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Einrichtungscode").fill(await ask("setup"));
  await page.getByRole("button", { name: "Konto anlegen" }).click();
  await page.getByText("Was beschäftigt Sie, Erika?").waitFor();
  await page.getByRole("textbox", { name: "Nachricht" }).fill("Guten Tag");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/c/conv_*");
  await page.getByRole("button", { name: "Senden" }).waitFor();
  await page.getByRole("button", { name: "Über diese Antwort" }).click();
  await page.getByText(/Token gelesen/).waitFor();

  // Dates and numbers are written as they are where the browser is from.
  await fill(url, email, 1_200);
  await page.reload();
  await page.getByRole("heading", { name: "Januar 2026" }).waitFor();
  await page.goto("/settings/sessions");
  await page.getByText(/Seit \d\d\.\d\d\.\d{4}, \d\d:\d\d/).first().waitFor();

  // Another one is chosen: at once, and from then on. The browser's own formats go along.
  await page.goto("/settings");
  await page.getByLabel("Sprache").selectOption("ja");
  await page.getByRole("heading", { level: 1, name: "設定" }).waitFor();
  assert.equal(await language(), "ja");
  await page.getByRole("heading", { name: "2026年1月" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "設定" }).waitFor();
  assert.equal(catalogues().at(-1), "ja");
  await page.getByLabel("言語").selectOption("en");
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  assert.equal(await language(), "en");
  await page.getByRole("heading", { name: "January 2026" }).waitFor();
  await page.getByLabel("Language").selectOption("");
  await page.getByRole("heading", { level: 1, name: "Einstellungen" }).waitFor();
  await context.close();

  // A language that there is not is English, without a word of another.
  const other = await person(browser, url, { locale: "fr-CA" });
  other.page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  loaded.length = 0;
  await other.page.goto("/");
  await other.page.getByRole("heading", { level: 1, name: "Welcome back" }).waitFor();
  assert.deepEqual(catalogues(), []);
  assert.deepEqual([...problems, ...other.problems], []);
}
