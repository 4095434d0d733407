// Writes src/api/schema.d.ts from the API's description, or with --check says whether it is
// current. The description is the snapshot that the server's own tests compare with.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const snapshot = new URL(
  "../../crates/api/src/openapi/snapshots/api__openapi__tests__the_whole_document.snap",
  import.meta.url,
);
const target = new URL("../src/api/schema.d.ts", import.meta.url);
const [, , document] = readFileSync(snapshot, "utf8").split(/^---$/m);
const types = astToString(await openapiTS(JSON.parse(document)));
const text = `// Generated from the API's description by \`npm run types\`.\n\n${types}`;

if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("src/api/schema.d.ts is not current; run: npm run types");
  process.exit(1);
}
