/** Which files import each other in a circle. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { preProcessFile } from "typescript";

/** What each of them imports. */
export type Imports = Map<string, Iterable<string>>;

/** The files below a folder, apart from tests, and which of each other they import, types included. */
export function importsIn(folder: string): Imports {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => /\.(ts|svelte)$/.test(name) && !name.endsWith(".test.ts"));
  return new Map(files.map((name) => [name, importsOf(folder, name)]));
}

function importsOf(folder: string, name: string): string[] {
  const text = readFileSync(resolve(folder, name), "utf8");
  const scripts = name.endsWith(".svelte") ? [...text.matchAll(/<script\b[^>]*>(.*?)<\/script>/gs)].map((found) => found[1]!) : [text];
  return scripts.flatMap((script) => {
    // Packages import nothing of ours.
    const ours = preProcessFile(script).importedFiles.filter((one) => one.fileName.startsWith("."));
    return ours.flatMap(({ fileName }) => {
      const path = resolve(folder, dirname(name), fileName.replace(/\?.*/, ""));
      const found = [path, `${path}.ts`, `${path}.d.ts`].find((one) => /\.(ts|svelte)$/.test(one) && existsSync(one));
      if (!found && !existsSync(path)) throw new Error(`${name} imports ${fileName}, which is not there`);
      return found ? [relative(folder, found)] : [];
    });
  });
}

/** The same of the folders at the top; those within belong to them. */
export function ofFolders(imports: Imports): Imports {
  const folders = new Map<string, Set<string>>();
  for (const [name, others] of imports) {
    const folder = top(name);
    const known = folders.get(folder) ?? new Set();
    folders.set(folder, known);
    for (const other of others) if (top(other) !== folder) known.add(top(other));
  }
  return folders;
}

function top(name: string): string {
  return name.includes(sep) ? name.slice(0, name.indexOf(sep)) : ".";
}

/** One circle for each import that closes one, as a path. A component may contain itself. */
export function circles(imports: Imports): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string) => {
    if (done.has(name)) return;
    path.push(name);
    for (const other of imports.get(name) ?? []) {
      const at = path.indexOf(other);
      if (at < 0) visit(other);
      else if (other !== name) found.push([...path.slice(at), other].join(" -> "));
    }
    path.pop();
    done.add(name);
  };
  for (const name of imports.keys()) visit(name);
  return found;
}
