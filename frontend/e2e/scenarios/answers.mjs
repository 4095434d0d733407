// What is told about an answer: its cost, what was thought, what did not fit, why it failed; and what can be done then.
import assert from "node:assert/strict";
import { answered, answers, eventually, fill, person, send, shownTicks, signUp, useModel } from "../browser.mjs";

export default async function ({ browser, url, ask }) {
  const { page, problems } = await person(browser, url, { expected: [/Failed to load resource/] });
  const email = await signUp(page);
  /** What was asked of the server since the last look. */
  let posts = [];
  page.on("request", (request) => {
    const path = new URL(request.url()).pathname.replace(/_[0-9a-f]{32}/, "");
    if (request.method() === "POST" && !path.startsWith("/api/auth")) posts.push(path);
  });
  const asked = () => posts.splice(0);

  // How a real model is connected is told before the first message, and by the demo model itself.
  await page.getByText("The demo model answers").click();
  await page.getByText("OPENAI_API_KEY=…").waitFor();
  await page.getByText("OPENAI_BASE_URL=http://localhost:11434/v1").waitFor();
  await useModel(page, "demo:rate=0");
  await send(page, "Who are you?");
  await page.waitForURL("**/c/conv_*");
  assert.match(await answered(page), /To talk to a real model, set these and start the server again:[^]*OPENAI_/);

  // Thoughts are folded, timed by whoever saw them, and counted apart.
  await page.goto("/");
  await useModel(page, "demo:reasoning=60,ticks=20,rate=60");
  await send(page, "think first");
  await page.waitForURL("**/c/conv_*");
  const turn = page.locator("article:not(.mine)").last();
  await turn.getByText(/^Thought for \d+ sec$/).waitFor();
  await answered(page);
  const thought = turn.locator("details");
  assert.equal(await thought.locator(".text").count(), 0);
  await thought.locator("summary").click();
  await eventually("what it thought", async () => (await thought.locator(".text").innerText()).length > 100);
  assert.ok(!(await answers(page).last().innerText()).includes("Thought"), "it is no part of the answer");
  await turn.getByRole("button", { name: "About this answer" }).click();
  const cost = turn.getByText(/tokens read/);
  assert.match(await cost.innerText(), /^\d+ tokens read, \d+ written \(\d+ of them for thinking\)$/);
  const told = await cost.innerText();
  await page.reload();
  await turn.getByText("Thoughts", { exact: true }).waitFor();
  await turn.getByRole("button", { name: "About this answer" }).click();
  assert.equal(await cost.innerText(), told, "the numbers are those that are stored");
  // Whoever comes while it is written sees the thoughts and what was called, too.
  await page.goto("/");
  await useModel(page, "demo:reasoning=3,calls=1,ticks=4000,rate=40");
  await send(page, "think, then talk");
  await page.waitForURL("**/c/conv_*");
  await eventually("it talks", async () => (await shownTicks(page)) > 5);
  await page.reload();
  await turn.getByText("Thoughts", { exact: true }).click();
  await turn.getByText("The user wrote", { exact: true }).waitFor();
  await turn.getByText("Called get_weather", { exact: true }).click();
  await turn.getByText('"Lisbon"').waitFor();
  await eventually("it goes on", async () => (await shownTicks(page)) > 5);
  await page.getByRole("button", { name: "Stop" }).click();
  await turn.getByText("Stopped. The text so far is kept.").waitFor();
  // A provider that does not count is counted for.
  await page.goto("/");
  await useModel(page, "demo:ticks=3,rate=0,usage=none");
  await send(page, "count");
  await page.waitForURL("**/c/conv_*");
  await answered(page);
  await turn.getByRole("button", { name: "About this answer" }).click();
  await turn.getByText(/tokens read, \d+ written \(estimated\)/).waitFor();

  // A failure is told with its text kept; one request tries again, beside it.
  await page.goto("/");
  await useModel(page, "demo:ticks=6,rate=0,fault=error@3,times=1");
  await send(page, "fail once");
  await page.waitForURL("**/c/conv_*");
  await turn.getByRole("alert").filter({ hasText: /The model could not finish this answer\. \S/ }).waitFor();
  assert.equal(await shownTicks(page), 3);
  asked();
  await turn.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("group", { name: "Version 2 of 2" }).waitFor();
  await eventually("the whole answer", async () => (await shownTicks(page)) === 6);
  assert.equal(await page.getByRole("alert").count(), 0);
  assert.deepEqual(asked(), ["/api/messages/msg/regenerate"]);

  // W7: Cut off by a crash: it goes on in the same message, with nothing said in anybody's name.
  await page.goto("/");
  await useModel(page, "demo:ticks=4000,rate=40");
  await send(page, "go on");
  await page.waitForURL("**/c/conv_*");
  await eventually("the answer is on its way", async () => (await shownTicks(page)) > 30);
  await ask("kill");
  await ask("start");
  await page.getByText("The server was interrupted. The text so far is kept.").waitFor();
  const shown = () => answers(page).last().innerText();
  const kept = await shown();
  asked();
  await page.getByRole("button", { name: "Continue" }).click();
  await eventually("it grows", async () => (await shown()).length > kept.length + 20);
  assert.ok((await shown()).startsWith(kept), "what there was stays in its place");
  assert.equal(await answers(page).count(), 1);
  assert.equal(await page.locator("article.mine").count(), 1);
  assert.equal(await page.getByRole("button", { name: "Continue" }).count(), 0, "what is written is not continued");
  assert.deepEqual(asked(), ["/api/responses/resp/continue"]);
  // Whoever comes in its middle sees the whole of it.
  await page.reload();
  await eventually("all of it is there", async () => (await shown()).startsWith(kept) && (await shown()).length > kept.length + 20);
  // Stopped by hand it can be continued just as well, and answered anew.
  await page.getByRole("button", { name: "Stop" }).click();
  await turn.getByText("Stopped. The text so far is kept.").waitFor();
  await turn.getByRole("button", { name: "Continue" }).waitFor();
  asked();
  await turn.getByRole("button", { name: "Try again" }).click();
  await eventually("another one is written", async () => (await page.getByRole("button", { name: "Stop" }).count()) === 1 && (await shownTicks(page)) > 3);
  assert.deepEqual(asked(), ["/api/messages/msg/regenerate"]);
  await page.keyboard.press("Escape");
  await turn.getByText("Stopped. The text so far is kept.").waitFor();

  // What no longer fits the model is said at the answer that had to do without.
  const long = await fill(url, email, 200);
  await page.goto(`/c/${long}`);
  await page.getByText("Answer 199.").waitFor();
  await send(page, "/error");
  await turn.getByText(/^\d+ older messages no longer fit the model and were left out of this answer\.$/).waitFor();
  assert.deepEqual(problems, []);
}
