// Every screen passes axe's rules, in both themes, wide and narrow, and none scrolls sideways.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { answered, answers, DESKTOP, eventually, person, PHONE, send, signUp, useModel } from "../browser.mjs";

const AXE = await readFile(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

export default async function ({ browser, url }) {
  const found = [];
  for (const [form, options] of [["desktop", DESKTOP], ["phone", PHONE], ["narrow", { viewport: { width: 320, height: 640 } }]]) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, problems, context } = await person(browser, url, { ...options, colorScheme, reducedMotion: "reduce", bypassCSP: true });
      const look = async (screen) => {
        await page.evaluate(AXE);
        const result = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
        for (const { id, help, nodes } of result.violations) {
          found.push(`${screen}, ${form}, ${colorScheme}: ${id} (${help}): ${nodes.map((node) => node.html).join(" | ").slice(0, 400)}`);
        }
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        if (wide) found.push(`${screen}, ${form}: scrolls sideways`);
      };
      await page.goto("/login");
      await page.getByRole("heading", { name: "Welcome back" }).waitFor();
      await look("login");
      await page.goto("/signup");
      await page.getByRole("button", { name: "Create account" }).waitFor();
      await look("signup");
      await signUp(page, "Ada Lovelace");
      await page.getByText("The demo model answers").waitFor();
      await look("opening");
      await useModel(page, "demo:reasoning=30,calls=1,words=4000,rate=20");
      await send(page, "Show me what an answer looks like.");
      await eventually("text", async () => (await answers(page).last().innerText()).length > 100);
      await look("streaming");
      await send(page, "And one thing more, when you are done.");
      await page.locator('[data-turn="unsent"]').getByText("Sent when the answer ends").waitFor();
      await look("queued");
      await page.getByRole("button", { name: "Remove" }).click();
      await page.keyboard.press("Escape");
      await page.getByText("Stopped. The text so far is kept.").waitFor();
      await page.getByText(/^Thought for/).click();
      await page.getByText("Called get_weather").click();
      await page.locator("pre").first().waitFor();
      await look("stopped");
      await useModel(page, "");
      await page.goto("/");
      await send(page, "Why is the sky blue?");
      await page.waitForURL("**/c/conv_*");
      await answered(page);
      await page.locator("pre .hljs-string").first().waitFor();
      await page.getByRole("button", { name: "About this answer" }).last().click();
      await look("answer");
      await page.getByRole("button", { name: "Options of this conversation" }).click();
      await look("menu");
      await page.getByRole("menuitem", { name: "Rename" }).click();
      await look("rename");
      await page.keyboard.press("Escape");
      if (form !== "desktop") {
        await page.getByRole("button", { name: "Open the sidebar" }).click();
        await look("drawer");
        await page.keyboard.press("Escape");
      }
      await page.keyboard.press("Control+/");
      await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
      await look("shortcuts");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+KeyK");
      await page.getByRole("dialog").getByRole("option").first().waitFor();
      await look("search");
      await page.getByRole("dialog").getByRole("combobox").fill("sky");
      await page.locator("mark").first().waitFor();
      await look("search-results");
      await page.getByRole("dialog").getByRole("combobox").fill("zzyzx");
      await page.getByText("Nothing found for “zzyzx”").first().waitFor();
      await look("search-nothing");
      await page.keyboard.press("Escape");
      for (const section of ["general", "account", "data", "sessions", "keys"]) {
        await page.goto(section === "general" ? "/settings" : `/settings/${section}`);
        await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
        await eventually("it is loaded", async () => (await page.getByText("Loading…").count()) === 0);
        await look(`settings-${section}`);
        if (section !== "account") continue;
        await page.getByRole("button", { name: "Delete account" }).click();
        await look("delete-account");
        await page.keyboard.press("Escape");
      }
      await page.goto("/nowhere");
      await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
      await look("missing");
      assert.deepEqual(problems, []);
      await context.close();
    }
  }
  assert.deepEqual(found, []);
}
