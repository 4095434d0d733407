// Tools that the provider runs are told as they are called, where they were called, and kept through a reload.
import assert from "node:assert/strict";
import { answered, answers, api, bringIn, eventually, person, send, signUp, useModel } from "../browser.mjs";

/** A conversation in which an answer calls a tool, as an export has it. */
function withResult() {
  const at = new Date(Date.UTC(2026, 0, 1)).toISOString();
  const id = (n) => `msg_${n.toString(16).padStart(32, "e")}`;
  const call = { id: "call_1", name: "get_weather", arguments: "{}", status: "completed", offset: 0 };
  const messages = [
    { role: "user", content: "How warm is it?" },
    { role: "assistant", content: "", calls: [call] },
    { role: "tool", call_id: "call_1", content: '{"degrees":22}' },
    { role: "assistant", content: "It is warm." },
  ].map((one, n) => ({ id: id(n), parent_id: n === 0 ? null : id(n - 1), status: "completed", created_at: at, updated_at: at, ...one }));
  return { id: `conv_${"e".repeat(32)}`, title: "Weather", head_id: id(3), created_at: at, updated_at: at, messages };
}

export default async function ({ browser, url }) {
  const { page, problems } = await person(browser, url);
  const email = await signUp(page);
  const turn = page.locator("article:not(.mine)").last();
  const rows = turn.locator("summary");

  // The demo model shows one to whoever asks for it.
  await useModel(page, "demo:rate=0");
  await send(page, "/tool");
  await page.waitForURL("**/c/conv_*");
  await turn.getByText("Called get_weather", { exact: true }).waitFor();
  assert.match(await answered(page), /built-in demo model/);

  // Amid a call: its arguments as they come, and the same after a reload.
  await page.goto("/");
  await useModel(page, "demo:calls=1,ticks=3,delay=10s");
  await send(page, "slowly");
  await page.waitForURL("**/c/conv_*");
  const running = turn.getByText("Calling get_weather…", { exact: true });
  await running.click();
  const shown = turn.locator("pre");
  await eventually("arguments as they come", async () => (await shown.innerText()).startsWith('{"'));
  await page.reload();
  await running.click();
  await eventually("the same arguments", async () => (await shown.innerText()).startsWith('{"'));
  assert.ok(!(await shown.innerText()).includes("\n"), "they are put in order when they are whole");
  assert.equal(await rows.count(), 1);
  await page.getByRole("button", { name: "Stop" }).click();
  await turn.getByText("Calling get_weather was cut off", { exact: true }).waitFor();
  await turn.getByText("Stopped. The text so far is kept.").waitFor();
  assert.match(await shown.innerText(), /^\{"/, "it stays open");

  // Whole: by keyboard, in lines, above the text that follows; no part of what is copied.
  await page.goto("/");
  await useModel(page, "demo:reasoning=3,calls=2,ticks=3,rate=0");
  await send(page, "call two");
  await page.waitForURL("**/c/conv_*");
  await answered(page);
  const look = async () => {
    await turn.getByText("Called get_weather", { exact: true }).nth(1).waitFor();
    assert.match(await answers(page).last().innerText(), /^Called get_weather\s+Called get_weather\s+tick 0/);
    assert.equal(await shown.count(), 0);
    const second = rows.last();
    await second.focus();
    await page.keyboard.press("Enter");
    await shown.waitFor();
    assert.equal(await shown.innerText(), '{\n  "city": "Lisbon",\n  "days": 3\n}');
    await page.keyboard.press("Enter");
    await eventually("it is folded", async () => (await shown.count()) === 0);
  };
  await look();
  await page.reload();
  await look();

  // A result is an item of its own below the answer that called, folded like the call.
  const [conversation] = await bringIn(await api(url, email), [withResult()]);
  await page.goto(`/c/${conversation}`);
  await turn.getByText("It is warm.", { exact: true }).waitFor();
  const items = page.locator("article[data-turn]");
  assert.equal(await items.count(), 4);
  const result = items.nth(2);
  assert.equal(await result.getByRole("heading").innerText(), "Result of a tool");
  assert.equal(await result.getByText("degrees").count(), 0);
  await result.locator("summary").click();
  assert.equal(await result.locator("pre").innerText(), '{\n  "degrees": 22\n}');
  const labels = await result.locator(".actions button").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  assert.deepEqual(labels, ["Copy result"], "it is neither edited nor made again");
  assert.deepEqual(problems, []);
}
