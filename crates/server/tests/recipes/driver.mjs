// Sends content.txt, follows the answer, and says in lines of JSON what it saw.
import { readFile } from "node:fs/promises";
import { follow, send, stop } from "./recipe.mjs";

const [url, token, conversation, stopAt] = process.argv.slice(2);
const api = { url, token: () => token };
const say = (value) => console.log(JSON.stringify(value));

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
