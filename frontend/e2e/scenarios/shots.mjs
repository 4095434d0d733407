// Pictures of the main screens, in both themes, wide and narrow, for people to look at.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { answered, answers, api, bringIn, DESKTOP, eventually, person, PHONE, send, signUp, useModel } from "../browser.mjs";

/** Where they go; none are made if it is not set. */
const FOLDER = process.env.CHATAPP_TEST_SHOTS;

const QUESTION = "Which requests in my nginx log took longest?";
const ANSWER = `With the time as the last field, sort by it and keep the first ten:

\`\`\`bash
awk '{ print $NF, $7 }' access.log | sort -rn | head -10
\`\`\`

- \`$NF\` is the **last field** of a line, here the time in seconds
- \`$7\` is the path, as nginx writes it by default

One slow request says little. To see which *paths* are slow, look at their seconds:

| Path | Requests | Mean | 95 % |
|---|---:|---:|---:|
| \`/report\` | 1,204 | 2.31 | 4.80 |
| \`/search\` | 18,440 | 0.34 | 0.92 |
| \`/\` | 92,115 | 0.02 | 0.05 |

The mean is $\\bar{t} = \\frac{1}{n}\\sum_{i=1}^{n} t_i$, so a few very slow requests pull it up; the last column, below which 95 % of them are, does not care.`;

const TITLES = ["Slowest requests in a log", "Sourdough without a scale", "Trip to Oslo", "Letter to the landlord", "Regular expressions", "Birthday poem for Jo", "Why the sky is blue", "Names for a black cat", "Tax questions", "Unit tests for a parser"];
const DAY = 86_400_000;

/** A list of conversations of the last weeks, the newest of them worth reading. */
function past() {
  return TITLES.map((title, at) => {
    const asked = new Date(Date.now() - 60_000 - at ** 1.6 * DAY).toISOString();
    const id = (n) => `msg_${(at * 2 + n).toString(16).padStart(32, "0")}`;
    const message = (n, role, content) => ({ id: id(n), parent_id: n === 0 ? null : id(n - 1), role, status: "completed", content, created_at: asked, updated_at: asked });
    const said = at === 0 ? [QUESTION, ANSWER] : [`${title}, please.`, `Here is something about ${title.toLowerCase()}.`];
    return {
      id: `conv_${at.toString(16).padStart(32, "0")}`,
      title,
      pinned: at === 2,
      head_id: id(1),
      created_at: asked,
      updated_at: asked,
      messages: [message(0, "user", said[0]), message(1, "assistant", said[1])],
    };
  });
}

export default async function ({ browser, url }) {
  if (!FOLDER) return;
  await mkdir(FOLDER, { recursive: true });
  const problems = [];
  for (const [form, options] of [["desktop", DESKTOP], ["phone", PHONE]]) {
    for (const colorScheme of ["light", "dark"]) {
      const who = await person(browser, url, { ...options, colorScheme, reducedMotion: "reduce", expected: [/ERR_INTERNET_DISCONNECTED/] });
      const { page, context } = who;
      const shoot = async (screen) => {
        await page.evaluate(() => document.fonts.ready);
        await page.screenshot({ path: `${FOLDER}/${screen}-${form}-${colorScheme}.png`, animations: "disabled", caret: "hide" });
      };
      await page.goto("/signup");
      await page.getByRole("button", { name: "Create account" }).waitFor();
      await shoot("signup");
      const email = await signUp(page, "Ada Lovelace");
      const [id] = await bringIn(await api(url, email), past());
      await page.goto("/");
      await page.getByText("The demo model answers").waitFor();
      if (form === "desktop") await page.getByRole("link", { name: TITLES[1] }).waitFor();
      await shoot("opening");

      await page.goto(`/c/${id}`);
      await page.locator("pre .hljs-string").first().waitFor();
      await page.locator(".katex").first().waitFor();
      await shoot("conversation");
      if (form === "phone") {
        await page.getByRole("button", { name: "Open the sidebar" }).click();
        await page.getByRole("link", { name: TITLES[1] }).waitFor();
        await shoot("sidebar");
        await page.keyboard.press("Escape");
      }

      await page.keyboard.press("Control+KeyK");
      await page.getByRole("dialog").getByRole("option").first().waitFor();
      await shoot("search-recent");
      await page.getByRole("dialog").getByRole("combobox").fill("slow request");
      await page.locator("mark").first().waitFor();
      await shoot("search");
      await page.getByRole("dialog").getByRole("combobox").fill("aardvark");
      await page.getByText("Nothing found for").first().waitFor();
      await shoot("search-nothing");
      await page.keyboard.press("Escape");

      for (const section of ["general", "account", "data", "sessions", "keys"]) {
        await page.goto(section === "general" ? "/settings" : `/settings/${section}`);
        await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
        await eventually("it is loaded", async () => (await page.getByText("Loading…").count()) === 0);
        await shoot(`settings-${section}`);
      }
      await page.goto("/settings/account");
      await page.getByRole("button", { name: "Delete account" }).click();
      await page.getByRole("dialog").waitFor();
      await shoot("delete-account");

      await page.goto("/");
      await useModel(page, "demo:reasoning=12,calls=2,words=60,rate=0");
      await send(page, "Will it rain in Lisbon?");
      await page.waitForURL("**/c/conv_*");
      await answered(page);
      await page.getByText("Called get_weather").last().click();
      await page.locator("pre .hljs-string").first().waitFor();
      await shoot("calls");
      await page.goto("/");
      await useModel(page, "demo:calls=100,rate=5");
      await send(page, "And tomorrow?");
      await page.waitForURL("**/c/conv_*");
      await page.getByText("Called get_weather").first().waitFor();
      await shoot("calling");
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByText("Stopped. The text so far is kept.").waitFor();
      await shoot("call-stopped");

      await page.goto("/");
      await useModel(page, "demo:reasoning=40,words=4000,rate=60");
      await send(page, "Tell me about it.");
      await page.waitForURL("**/c/conv_*");
      await page.getByText(/^Thought/).waitFor();
      await eventually("text", async () => (await answers(page).last().innerText()).length > 200);
      await shoot("streaming");
      await send(page, "And one thing more, when you are done.");
      await send(page, "Say it in **two** sentences.");
      await page.getByRole("textbox", { name: "Message" }).fill("A third");
      await eventually("both wait", async () => (await page.locator('[data-turn="unsent"]').getByText("Sent when the answer ends").count()) === 2);
      await shoot("queued");
      await page.getByRole("textbox", { name: "Message" }).fill("");
      for (const _ of [1, 2]) await page.getByRole("button", { name: "Remove" }).first().click();
      await page.context().setOffline(true);
      await page.getByText("You are offline.").waitFor();
      await send(page, "Written on a train.");
      await page.getByText("Written on a train.").waitFor();
      await shoot("offline");
      await page.getByRole("button", { name: "Remove" }).first().click();
      await page.context().setOffline(false);
      await page.getByText("You are offline.").waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByText("Stopped. The text so far is kept.").waitFor();
      await shoot("stopped");
      problems.push(...who.problems);
      await context.close();
    }
  }
  assert.deepEqual(problems, []);
}
