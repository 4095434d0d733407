import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { circles, importsIn, ofFolders } from "./testing/circles";

const imports = importsIn(fileURLToPath(new URL(".", import.meta.url)));

/** The circles between these files, by their names, and between their folders. */
function circlesOf(files: Record<string, string>): { files: string[]; folders: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "circles-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const found = importsIn(folder);
    return { files: circles(found), folders: circles(ofFolders(found)) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it("reads what files import", () => {
  expect(imports.size).toBeGreaterThan(100);
  expect(imports.get("api/http.ts")).toContain("api/tokens.ts");
  expect(imports.get("App.svelte")).toContain("api/connection.svelte.ts");
  expect(imports.get("markdown/colours.ts")).toContain("markdown/colours.worker.ts");
});

it("finds circles, however they are closed", () => {
  const [a, c] = ['export { b } from "./b.svelte";', "export const c = () => import('../x/a');"];
  const b = `<p>import "./no"; it's</p><script lang="ts">\n  import type { C } from "../y/c";\n</script>`;
  expect(circlesOf({ "x/a.ts": a, "x/b.svelte": b, "y/c.ts": c })).toEqual({
    files: ["x/a.ts -> x/b.svelte -> y/c.ts -> x/a.ts"],
    folders: ["x -> y -> x"],
  });
  // Folders can be in a circle whose files are not.
  expect(circlesOf({ "x/a.ts": 'import "../y/c";', "x/b.ts": "", "y/c.ts": 'import "../x/b";' })).toEqual({
    files: [],
    folders: ["x -> y -> x"],
  });
});

it("takes what is no circle", () => {
  const tree = '<script>import Tree from "./Tree.svelte"; import { a } from "./a";</script>';
  const test = 'import "./a"; import "../y/b";';
  expect(circlesOf({ "x/Tree.svelte": tree, "x/a.ts": 'import "../y/b";', "x/a.test.ts": test, "y/b.ts": 'import "vitest";' })).toEqual({
    files: [],
    folders: [],
  });
});

it("no file of the client imports itself by way of others", () => {
  expect(circles(imports)).toEqual([]);
});

it("no folder of the client imports itself by way of others", () => {
  expect(circles(ofFolders(imports))).toEqual([]);
});
