// Runs a scenario against a running server: `CHATAPP_URL=... node e2e/run.mjs NAME`.
import { createInterface } from "node:readline";

async function load(path) {
  try {
    return await import(path);
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND" || !String(error.message).includes("playwright-core")) throw error;
    console.error("playwright-core is not installed; run: npm ci (in frontend/)");
    process.exit(1);
  }
}

const { launch, met, program } = await load("./browser.mjs");
const [name] = process.argv.slice(2);
if (name === "--check") {
  try {
    program();
    process.exit(0);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

const url = process.env.CHATAPP_URL ?? "http://127.0.0.1:8000";
const replies = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks whoever runs the server to do something with it, waits until it is done, and returns the answer. */
async function ask(request) {
  console.log(`@ ${request}`);
  const { done, value } = await replies.next();
  if (done) throw new Error(`nobody answers "${request}"; run the scenario through cargo test`);
  return value;
}

const { default: scenario } = await load(`./scenarios/${name}.mjs`);
const browser = await launch();
let failed = false;
try {
  await scenario({ browser, url, ask });
} catch (error) {
  failed = true;
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const page of pages) {
    const text = await page.locator("body").innerText({ timeout: 2_000 }).catch(() => "");
    console.log(`--- ${page.url()}\n${text.slice(0, 1_000)}`);
  }
  console.log(`---\n${met.slice(-10).join("\n")}\n---\n${error.stack}`);
}
await browser.close();
process.exit(failed ? 1 : 0);
