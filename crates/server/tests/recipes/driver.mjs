// Sends content.txt, follows the answer, and says in lines of JSON what it saw.
import { readFile } from "node:fs/promises";
import { follow, send, stop } from "./recipe.mjs";

const [url, token, conversation, stopAt] = process.argv.slice(2);
const api = { url, token: () => token };
const say = (value) => console.log(JSON.stringify(value));

// Pauses are said instead of made; `fetch` has timers of its own, and 45 s is that of a silent connection.
if (process.env.PAUSES) {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (work, ms, ...rest) => {
    const [, , caller] = new Error().stack.split("\n");
    const isPause = ms !== 45_000 && caller.includes("recipe.mjs");
    if (isPause) say({ pause: ms });
    return setTimeout(work, isPause ? 0 : ms, ...rest);
  };
}

const response = await send(api, conversation, await readFile("content.txt", "utf8"));
say({ response });
let before = "";
let stopping;
const end = await follow(api, response, (text) => {
  say({ length: text.length, goes_on: text.startsWith(before) });
  before = text;
  if (stopAt && text.length >= Number(stopAt)) stopping ??= stop(api, response);
});
say({ end, stopped: await stopping });
