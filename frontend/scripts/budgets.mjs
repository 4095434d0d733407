// Says how large the built client is, and fails when it is larger than it may be.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const page = readFileSync(new URL("index.html", dist), "utf8");
const named = (pattern) => [...page.matchAll(pattern)].map((match) => match[1]);
const compressed = (paths) =>
  paths.reduce((sum, path) => sum + gzipSync(readFileSync(new URL(`.${path}`, dist)), { level: 9 }).length, 0);
const files = readdirSync(dist, { recursive: true })
  .map((name) => new URL(name.replaceAll("\\", "/"), dist))
  .filter((file) => statSync(file).isFile() && !file.pathname.endsWith(".gz"));

const budgets = [
  ["scripts of the first page, gzip", compressed(named(/<script[^>]* src="([^"]+)"/g)), 110_000],
  ["styles of the first page, gzip", compressed(named(/<link[^>]* rel="stylesheet"[^>]* href="([^"]+)"/g)), 12_000],
  ["everything, fonts included", files.reduce((sum, file) => sum + statSync(file).size, 0), 1_050_000],
  ["chunks of script", files.filter((file) => file.pathname.endsWith(".js") && file.pathname.includes("/assets/")).length, 8],
];
let failed = false;
for (const [what, is, may] of budgets) {
  failed ||= is > may;
  console.log(`${is > may ? "TOO MUCH" : "ok"}  ${what}: ${is.toLocaleString("en")} of ${may.toLocaleString("en")}`);
}
process.exit(failed ? 1 : 0);
