// Every screen passes axe's rules, in both themes, wide and narrow, and none scrolls sideways.
import assert from "node:assert/strict";
import { violations } from "../axe.mjs";
import { answered, answers, DESKTOP, eventually, person, PHONE, send, signUp, useModel } from "../browser.mjs";

export default async function ({ browser, url }) {
  const found = [];
  for (const [form, options] of [["desktop", DESKTOP], ["phone", PHONE], ["narrow", { viewport: { width: 320, height: 640 } }]]) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, problems, context } = await person(browser, url, { ...options, colorScheme, reducedMotion: "reduce", bypassCSP: true });
      const look = async (screen) => {
        for (const one of await violations(page)) found.push(`${screen}, ${form}, ${colorScheme}: ${one}`);
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
