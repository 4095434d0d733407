// W2: A session is ended from elsewhere, while nobody does anything and while an answer is written: the page and everything
// typed in it stay, for longer than two looks at the list, and go on after the login.
import assert from "node:assert/strict";
import { answered, answers, api, eventually, PASSWORD, person, send, shownTicks, signUp, ticks, useModel } from "../browser.mjs";

/** Long enough that the session ends in its middle. */
const TICKS = 1_200;

export default async function ({ browser, url }) {
  const { page, problems } = await person(browser, url, { expected: [/status of 401/] });
  await page.clock.install();
  const email = await signUp(page);
  const asked = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/api/")) asked.push(`${request.method()} ${pathname}`);
  });
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });

  /** Ends the session of the page, and waits until the page knows. */
  async function end() {
    const ask = await api(url, email);
    const { data } = await (await ask("/api/sessions")).json();
    for (const one of data.filter((one) => !one.current)) await ask(`/api/sessions/${one.id}`, { method: "DELETE" });
    await eventually("the page finds out", async () => {
      await page.clock.runFor(1_000);
      return dialog.isVisible();
    });
  }

  /** Stays for longer than two polls, with half a password typed, and logs in. */
  async function stay() {
    const address = page.url();
    const password = dialog.getByLabel("Password", { exact: true });
    await password.fill(PASSWORD.slice(0, 7));
    asked.length = 0;
    for (let minute = 0; minute < 3; minute += 1) {
      await page.clock.runFor(60_000);
      await page.evaluate(() => dispatchEvent(new Event("focus")));
      assert.ok(await dialog.isVisible());
    }
    assert.equal(await password.inputValue(), PASSWORD.slice(0, 7));
    assert.equal(page.url(), address);
    assert.deepEqual(asked, [], "nothing is asked in the name of nobody");
    await password.pressSequentially(PASSWORD.slice(7));
    await password.press("Enter");
    await dialog.waitFor({ state: "detached" });
    assert.equal(page.url(), address);
  }

  // Idle, over a form that is not saved.
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Account" }).click();
  const name = page.getByRole("region", { name: "Profile" }).getByLabel("Name", { exact: true });
  await name.fill("Ada, unsaved");
  await end();
  await stay();
  assert.equal(await name.inputValue(), "Ada, unsaved");

  // While an answer streams, with something in the box.
  await page.goto("/");
  await useModel(page, `demo:ticks=${TICKS},rate=40`);
  await send(page, "go on");
  await page.waitForURL("**/c/conv_*");
  await eventually("the answer is on its way", async () => (await shownTicks(page)) > 20);
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill("half a thought");
  await end();
  const seen = ticks(await answers(page).last().innerText());
  await stay();
  await eventually("the answer goes on", async () => (await shownTicks(page)) >= Math.min(seen + 10, TICKS));
  assert.equal(ticks(await answered(page)), TICKS);
  assert.equal(await box.inputValue(), "half a thought");
  assert.equal(await page.getByRole("article").count(), 2);
  assert.deepEqual(problems, []);
}
