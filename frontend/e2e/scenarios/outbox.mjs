// W1: Messages are cut off at thirty moments of being sent. Afterwards each is there exactly once, and no conversation is empty.
import assert from "node:assert/strict";
import { answered, api, eventually, person, send, signUp, useModel } from "../browser.mjs";

const SENDS = (path) => (url) => url.pathname === path || (path === "old" && /^\/api\/conversations\/[^/]+\/messages$/.test(url.pathname));

export default async function ({ browser, url }) {
  const { page: first, context, problems } = await person(browser, url, {
    expected: [/Failed to load resource/, /net::ERR/],
  });
  const email = await signUp(first);
  await useModel(first, "demo:ticks=1,rate=0");
  const ask = await api(url, email);

  /** Everything that is stored: what was said in each conversation. */
  async function stored() {
    const { data, has_more } = await (await ask("/api/conversations?limit=100")).json();
    assert.equal(has_more, false);
    return Promise.all(
      data.map(async ({ id }) => {
        const page = await (await ask(`/api/conversations/${id}/messages?limit=100`)).json();
        assert.equal(page.has_more, false);
        return page.data.filter((one) => one.is_user).map((one) => one.content);
      }),
    );
  }
  const waiting = (page) => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("chatapp.outbox.")));
  const unsent = (page, text) => page.locator('[data-turn="unsent"]').filter({ hasText: text });

  await send(first, "the first of an old conversation");
  await first.waitForURL("**/c/conv_*");
  await answered(first);
  const old = first.url();

  /** How far a send comes before it is cut off; returns when it has come so far. */
  const moments = {
    "at once": async (page) => page.getByRole("textbox", { name: "Message" }).press("Enter"),
    "before it has left": async (page, hold) => {
      const held = hold(async () => {});
      await page.getByRole("textbox", { name: "Message" }).press("Enter");
      await held;
    },
    "taken, and not replied to": async (page, hold) => {
      const held = hold(async (route) => assert.equal((await route.fetch()).status(), 202));
      await page.getByRole("textbox", { name: "Message" }).press("Enter");
      await held;
    },
    "replied to": async (page, hold) => {
      const held = hold(async (route) => route.fulfill({ response: await route.fetch() }));
      await page.getByRole("textbox", { name: "Message" }).press("Enter");
      await held;
    },
    shown: async (page, _hold, text) => {
      await page.getByRole("textbox", { name: "Message" }).press("Enter");
      await page.locator("article.mine:not([data-turn=unsent])").filter({ hasText: text }).waitFor();
    },
  };
  /** What happens then; returns the page that there is afterwards. */
  const cuts = {
    closed: async (page) => {
      await page.close();
      return context.newPage();
    },
    reloaded: async (page) => {
      await page.reload();
      return page;
    },
    offline: async (page) => {
      await context.setOffline(true);
      await context.setOffline(false);
      return page;
    },
  };

  const said = [];
  let begun = 1;
  await first.close();
  for (const [cutName, cut] of Object.entries(cuts)) {
    for (const [moment, come] of Object.entries(moments)) {
      for (const where of ["new", "old"]) {
        const text = `${where}, ${moment}, ${cutName}`;
        const start = where === "new" ? "/" : old;
        const page = await context.newPage();
        await page.goto(start);
        await page.getByRole("textbox", { name: "Message" }).fill(text);
        const path = SENDS(where === "new" ? "/api/messages" : "old");
        const routes = [];
        const hold = (what) =>
          new Promise((resolve, reject) => {
            void context.route(path, (route) => {
              if (route.request().method() !== "POST") return route.continue();
              routes.push(route);
              // Later attempts are held as well, until everything is let go.
              if (routes.length === 1) what(route).then(resolve, reject);
            });
          });
        await come(page, hold, text);
        const after = await cut(page);
        if (cutName === "closed") await after.goto(start);
        if (cutName !== "offline" && moment === "before it has left") {
          // It is in its place, and nobody is told that it was sent; whether it was is found out.
          await unsent(after, text).waitFor();
        }
        await context.unroute(path);
        for (const route of routes) await (cutName === "offline" ? route.abort() : route.continue()).catch(() => {});
        await eventually(`"${text}" has left the outbox`, async () => (await waiting(after)).length === 0);
        said.push(text);
        begun += where === "new" ? 1 : 0;
        const counted = (await stored()).flat().filter((one) => one === text).length;
        assert.equal(counted, 1, `"${text}" is there ${counted} times`);
        await after.close();
      }
    }
  }
  assert.equal(said.length, 30);
  const conversations = await stored();
  assert.equal(conversations.length, begun);
  assert.ok(conversations.every((texts) => texts.length > 0), "no conversation is empty");
  assert.deepEqual(conversations.flat().sort(), [...said, "the first of an old conversation"].sort());

  // What waits when the page comes again is sent from its place, and shown there.
  const page = await context.newPage();
  let letGo;
  const gate = new Promise((resolve) => (letGo = resolve));
  await context.route(SENDS("/api/messages"), async (route) => {
    await gate;
    await route.continue().catch(() => {});
  });
  await page.goto("/");
  await send(page, "it goes on");
  await unsent(page, "it goes on").waitFor();
  // More can be said at once; it goes where the first one goes.
  await send(page, "and on");
  await page.getByRole("textbox", { name: "Message" }).fill("half a thought");
  await page.reload();
  await unsent(page, "it goes on").waitFor();
  await unsent(page, "and on").waitFor();
  // Another tab neither shows it nor sends it.
  const other = await context.newPage();
  await other.goto("/");
  await other.getByText("The demo model answers").waitFor();
  assert.equal(await other.locator("article").count(), 0);
  letGo();
  await page.waitForURL("**/c/conv_*");
  await eventually("both were said", async () => (await page.locator("article.mine:not([data-turn=unsent]) .bubble").allInnerTexts()).join() === "it goes on,and on");
  assert.equal(await page.getByRole("textbox", { name: "Message" }).inputValue(), "half a thought");
  await eventually("nothing waits", async () => (await waiting(page)).length === 0);
  await other.close();

  // A first message that is refused leaves no conversation, and its text where it was written.
  const count = (await stored()).length;
  const long = "Too long. ".repeat(60_000);
  await page.goto("/");
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill(long);
  await box.press("Enter");
  const alert = page.getByRole("alert").filter({ hasText: "Not sent. This message is too long for the server." });
  await alert.waitFor();
  assert.equal((await box.inputValue()).length, long.trim().length);
  assert.equal((await stored()).length, count);
  assert.deepEqual(await waiting(page), []);
  await page.reload();
  assert.equal((await box.inputValue()).length, long.trim().length);
  // The same in an old one.
  await page.goto(old);
  await box.fill(long);
  await box.press("Enter");
  await alert.waitFor();
  assert.equal((await box.inputValue()).length, long.trim().length);
  await box.fill("shorter");
  await box.press("Enter");
  await page.locator("article.mine").filter({ hasText: "shorter" }).waitFor();
  await alert.waitFor({ state: "detached" });
  await answered(page);

  // Whoever logs out leaves nothing behind.
  await context.setOffline(true);
  await send(page, "never sent");
  await unsent(page, "never sent").waitFor();
  await page.getByRole("button", { name: "Remove" }).or(page.getByText("Not sent yet")).first().waitFor();
  await context.route(SENDS("old"), (route) => route.abort());
  await context.setOffline(false);
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.waitForURL("**/login");
  assert.deepEqual(await waiting(page), []);

  // On a plain address browsers have no locks: the tab that has written a message sends it, once, all the same.
  const plain = await person(browser, url);
  await plain.context.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined }));
  await signUp(plain.page, "Charles");
  await useModel(plain.page, "demo:ticks=1,rate=0");
  const beside = await plain.context.newPage();
  await beside.clock.install();
  await beside.goto("/");
  await beside.getByText("The demo model answers").waitFor();
  let posts = 0;
  let release;
  const taken = new Promise((resolve) => (release = resolve));
  await plain.context.route(SENDS("/api/messages"), async (route) => {
    posts += 1;
    await taken;
    await route.continue();
  });
  await send(plain.page, "once");
  await eventually("it is sent", async () => posts === 1);
  // The other tab has heard of it by now, and leaves it alone for longer than it takes to look.
  await eventually("it is kept", async () => (await waiting(beside)).length === 1);
  await beside.clock.runFor(2_000);
  assert.equal(posts, 1);
  assert.equal(await unsent(beside, "once").count(), 0);
  release();
  await plain.page.waitForURL("**/c/conv_*");
  await eventually("nothing waits", async () => (await waiting(beside)).length === 0);
  assert.equal(new URL(beside.url()).pathname, "/");
  assert.deepEqual([...problems, ...plain.problems], []);
}
