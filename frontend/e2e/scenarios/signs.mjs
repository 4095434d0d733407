// W5: While nothing comes of an answer, the page says why: once to screen readers, with a time that counts down, over a reload.
import assert from "node:assert/strict";
import { eventually, listen, person, send, signUp, useModel } from "../browser.mjs";

export default async function ({ browser, url }) {
  const { page, problems, context } = await person(browser, url);
  const hears = await listen(page);
  await page.clock.install();
  await signUp(page);
  // The real answer does not begin while this lasts.
  await useModel(page, "demo:first=10m,ticks=3");

  /** What the page is told of the answer, instead of what the server tells. */
  let events = [];
  let at = 0;
  const tell = (type, rest) => events.push({ id: at++, type, ...rest });
  const waits = (reason, until = null) => tell("response.in_progress", { response: { waiting: { reason, until } } });
  await context.route("**/api/responses/*/events", async (route) => {
    const after = Number(route.request().headers()["last-event-id"] ?? -1);
    const body = events
      .filter((one) => one.id > after)
      .map(({ id, ...event }) => `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`)
      .join("");
    await route.fulfill({ headers: { "content-type": "text/event-stream" }, body: `retry: 50\n\n${body}` });
  });
  const now = () => page.evaluate(() => Date.now() / 1000);

  tell("response.created", {});
  waits("asked_to_wait", Math.ceil(await now()) + 200);
  await send(page, "hello");
  await page.waitForURL("**/c/conv_*");
  const turn = page.locator("article:not(.mine)").last();
  const asked = turn.getByText(/^The provider asked to wait [\d.,]+ secs?$/);
  await asked.waitFor();
  const seconds = async () => Number((await asked.innerText()).match(/(\d+)/)[1]);
  const begin = await seconds();
  assert.ok(begin > 100 && begin <= 201, `${begin}`);
  await eventually("it counts down", async () => (await seconds()) <= begin - 2);
  await hears("The provider asked to wait");
  assert.equal(await page.evaluate(() => window.heard.filter((one) => one.includes("asked to wait")).length), 1, "said once, whatever it counts");

  // Whoever comes in its middle is told the same.
  await page.reload();
  await asked.waitFor();
  assert.ok((await seconds()) <= begin);

  waits("retrying", Math.ceil(await now()) + 100);
  await turn.getByText(/^The provider could not answer. Trying again in \d+ secs?$/).waitFor();
  waits("thinking");
  await turn.getByText("Thinking…").waitFor();
  waits("silent");
  await turn.getByText("Waiting for the provider…").waitFor();
  tell("response.output_text.delta", { delta: "Some text" });
  await turn.getByText("Some text").waitFor();
  await eventually("it is over", async () => (await turn.getByText("Waiting for the provider…").count()) === 0);
  // In the middle of an answer silence is told as well, by the server or by itself.
  waits("silent");
  const silent = turn.getByText("The provider is silent. Waiting for it to go on…");
  await silent.waitFor();
  tell("response.output_text.delta", { delta: ", and more" });
  await silent.waitFor({ state: "detached" });
  await page.clock.runFor(15_000);
  await silent.waitFor();
  await hears("The provider is silent");

  // Its sources are numbered below it, and lead nowhere else.
  const cite = (url, title) => tell("response.output_text.annotation.added", { annotation: { type: "url_citation", url, title, start_index: 0, end_index: 4 } });
  cite("https://en.wikipedia.org/wiki/Rainbow", "Rainbow");
  cite("javascript:alert(1)", "Bad");
  cite("https://www.example.org/light?x=1", null);
  await turn.getByText("Sources", { exact: true }).waitFor();
  await eventually("both are there", async () => (await turn.locator("ol a").count()) === 2);
  const links = await turn.locator("ol a").evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.textContent, a.rel, a.target]));
  assert.deepEqual(links, [
    ["https://en.wikipedia.org/wiki/Rainbow", "Rainbow", "noopener noreferrer", "_blank"],
    ["https://www.example.org/light?x=1", "www.example.org", "noopener noreferrer", "_blank"],
  ]);
  await turn.getByText("en.wikipedia.org", { exact: true }).waitFor();

  // What the server says is what counts in the end.
  await context.unroute("**/api/responses/*/events");
  await page.reload();
  // On a slow machine it has given up by now.
  await page.getByRole("button", { name: "Stop" }).or(page.getByRole("button", { name: "Try again" })).first().waitFor();
  assert.equal(await turn.getByText("Sources", { exact: true }).count(), 0);
  assert.deepEqual(problems, []);
}
