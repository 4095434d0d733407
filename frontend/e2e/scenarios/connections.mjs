// The browser connects to the server and to nobody else, through a whole session (docs/PROMISES.md).
// What the browser itself writes down about the network is what counts: requests of every kind, web
// sockets, beacons, names that are looked up. That another connection would be seen is shown by pages
// that make one of each kind.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answered, eventually, launch, PASSWORD, person, send, signUp } from "../browser.mjs";
import { hints, netlog, reached } from "../netlog.mjs";

/** What a browser of its own reaches for while `use` has it. */
async function trace(use) {
  const folder = await mkdtemp(join(tmpdir(), "netlog-"));
  const file = join(folder, "net.json");
  const browser = await launch(netlog(file));
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
  const found = await reached(file);
  await rm(folder, { recursive: true });
  return found;
}

async function session(browser, url) {
  const { page, context, problems } = await person(browser, url);
  const hinted = await hints(context, url);
  const email = await signUp(page);
  // Everything that models write to make a page reach for something.
  await send(page, "# Hello\n\n![pixel](https://pixel.example/p.png) [link](https://link.example) <img src=https://tag.example/p.png> https://bare.example\n\n```js\nlet a = 1;\n```\n\n$x^2$ <link rel=dns-prefetch href=//prefetch.example>");
  await page.waitForURL("**/c/conv_*");
  await answered(page);
  await page.reload();
  await answered(page);
  await page.getByRole("button", { name: /^Search/ }).click();
  const dialog = page.getByRole("dialog", { name: "Search" });
  await dialog.getByRole("combobox").fill("hello");
  await dialog.getByRole("option").first().waitFor();
  await page.keyboard.press("Escape");
  for (const part of ["general", "account", "data", "keys", "sessions"]) {
    await page.goto(`/settings/${part}`);
    await page.getByRole("region").first().waitFor();
  }
  await page.goto("/settings/account");
  const stored = page.getByRole("region", { name: "Your data" });
  const saved = page.waitForEvent("download");
  await stored.getByLabel("Current password").fill(PASSWORD);
  await stored.getByRole("button", { name: "Export my data" }).click();
  await (await saved).path();
  await page.goto("/");
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.waitForURL("**/login");
  await page.getByLabel("E-mail address").fill(email);
  assert.deepEqual(hinted, []);
  assert.deepEqual(problems, []);
}

/** Each way in which a page can reach for somebody else, and what must be found of it. */
const PLANTED = {
  fetch: ["fetch(`${other}/x`, { mode: 'no-cors' }).catch(() => {})", "request"],
  beacon: ["navigator.sendBeacon(`${other}/x`, 'x')", "request"],
  image: ["new Image().src = `${other}/x.png`", "request"],
  "web socket": ["new WebSocket(`${other.replace('http', 'ws')}/x`)", "web socket"],
  thread: ["new Worker(URL.createObjectURL(new Blob([`fetch('${other}/x', { mode: 'no-cors' })`])))", "request"],
  name: ["fetch('http://planted-name.example/x').catch(() => {})", "name planted-name.example"],
  "connection ahead": ["document.head.append(Object.assign(document.createElement('link'), { rel: 'preconnect', href: other }))", "hint link preconnect"],
  "name ahead": ["document.head.append(Object.assign(document.createElement('link'), { rel: 'dns-prefetch', href: '//planted.example' }))", "hint link dns-prefetch"],
  call: ["new RTCPeerConnection()", "hint RTCPeerConnection"],
  "service worker": ["navigator.serviceWorker.register('/worker.js').catch(() => {})", "hint service worker /worker.js"],
};

async function listening(answer) {
  const server = createServer(answer);
  let told;
  const connected = new Promise((done) => (told = done));
  server.on("connection", told);
  server.on("upgrade", (_, socket) => socket.destroy());
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, connected, close };
}

async function planted(kind, code, expected) {
  const other = await listening((_, reply) => reply.end("x"));
  const own = await listening((_, reply) => {
    reply.setHeader("content-type", "text/html");
    reply.end(`<!doctype html><link rel=icon href=data:,><body><script>const other = "${other.url}"; ${code};</script>`);
  });
  let hinted = [];
  const found = await trace(async (browser) => {
    const context = await browser.newContext();
    hinted = await hints(context, own.url);
    const page = await context.newPage();
    const failed = page.waitForEvent("requestfailed").catch(() => {});
    await page.goto(own.url);
    if (expected.startsWith("hint")) await eventually(`${kind} is noted`, () => hinted.length > 0);
    else if (expected.startsWith("name")) await failed;
    else await other.connected;
  });
  own.close();
  other.close();
  const all = [...found, ...hinted.map((hint) => `hint ${hint}`)];
  const sought = {
    request: `request ${other.url}`,
    "web socket": `request ${other.url.replace("http", "ws")}`,
  }[expected] ?? expected;
  assert.ok(all.some((one) => one.startsWith(sought)), `${kind}: ${sought} is not in ${all.join(", ")}`);
}

export default async function ({ url }) {
  const { host, origin } = new URL(url);
  const found = await trace((browser) => session(browser, url));
  assert.deepEqual(found, [`name ${host}`, `request ${origin}`]);

  for (const [kind, [code, expected]] of Object.entries(PLANTED)) await planted(kind, code, expected);
}
