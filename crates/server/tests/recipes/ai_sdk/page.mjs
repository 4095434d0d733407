// The page of `examples/use-chat`, in a document without a browser.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { JSDOM, VirtualConsole } from "jsdom";

const [server, email, password] = process.argv.slice(2);
const html = await readFile("index.html", "utf8");
const script = await readFile("dist/app.js", "utf8");
// What browsers have and the document lacks.
const lacking = [
  "fetch", "ReadableStream", "TransformStream", "TextDecoderStream", "TextEncoder", "TextDecoder",
  "structuredClone", "AbortController", "AbortSignal", "Headers", "Response", "Request",
];

class Page {
  constructor(hash, token) {
    const url = `http://127.0.0.1:5173/?server=${encodeURIComponent(server)}${hash}`;
    const virtualConsole = new VirtualConsole();
    virtualConsole.on("jsdomError", (error) => console.error(error));
    this.dom = new JSDOM(html, {
      url, virtualConsole, runScripts: "outside-only", pretendToBeVisual: true,
    });
    this.window = this.dom.window;
    for (const name of lacking) this.window[name] = globalThis[name];
    this.window.crypto.randomUUID ??= () => crypto.randomUUID();
    if (token) this.window.sessionStorage.setItem("token", token);
    this.window.eval(script);
  }

  all(selector) {
    return [...this.window.document.querySelectorAll(selector)];
  }

  // Waits until the page shows something.
  shows(look) {
    return new Promise((resolve) => {
      const observer = new this.window.MutationObserver(() => check());
      const check = () => {
        const found = look(this);
        if (!found) return false;
        observer.disconnect();
        resolve(found);
        return true;
      };
      const app = this.window.document;
      if (!check()) {
        observer.observe(app, { childList: true, subtree: true, characterData: true });
      }
    });
  }

  field(name) {
    return this.shows(() => this.all(`input[name=${name}]`)[0]);
  }

  button(text) {
    return this.shows(() => this.all("button").find((button) => button.textContent === text));
  }

  async send(text) {
    (await this.field("text")).value = text;
    (await this.button("Send")).click();
  }

  texts(role) {
    return this.all(`article[data-role=${role}]`).map((article) => article.textContent);
  }

  isReady() {
    return this.all("p").some((line) => line.textContent === "ready");
  }
}

const ticks = (count) => Array.from({ length: count }, (_, n) => `tick ${n} \n`).join("");

const page = new Page("", null);
(await page.field("email")).value = email;
(await page.field("password")).value = password;
(await page.button("Log in")).click();
await page.send("Hello");
await page.shows(() => page.texts("assistant")[0] === ticks(3) && page.isReady());
assert.deepEqual(page.texts("user"), ["Hello"]);
console.log("sent");

await page.send("And more?");
await page.shows(() => page.texts("assistant")[1]?.length > 20);
const reloaded = new Page(page.window.location.hash, page.window.sessionStorage.getItem("token"));
await reloaded.shows(() => reloaded.texts("assistant")[1] === ticks(60) && reloaded.isReady());
assert.deepEqual(reloaded.texts("user"), ["Hello", "And more?"]);
assert.equal(reloaded.texts("assistant").length, 2);
console.log("reloaded");

await reloaded.send("Without end?");
await reloaded.shows(() => reloaded.texts("assistant")[2]?.length > 20);
(await reloaded.button("Stop")).click();
await reloaded.shows(() => reloaded.isReady());
const stopped = reloaded.texts("assistant")[2];
assert.ok(ticks(5000).startsWith(stopped));
console.log("stopped");

(await reloaded.button("Answer again")).click();
await reloaded.shows(() => reloaded.texts("assistant")[2] === ticks(2) && reloaded.isReady());
console.log("again");
process.exit(0);
