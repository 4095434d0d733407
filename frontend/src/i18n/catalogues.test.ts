import { describe, expect, it } from "vitest";
import { en } from "./en";
import { LANGUAGES } from "./index.svelte";

type Words = Record<string, unknown>;

/** Every text of a catalogue by its path; what is made by a function is given numbers as marks. */
function texts(words: Words, path = ""): Map<string, { marks: number; made: string[] }> {
  const found = new Map<string, { marks: number; made: string[] }>();
  for (const [key, value] of Object.entries(words)) {
    const name = path ? `${path}.${key}` : key;
    if (typeof value === "string") {
      found.set(name, { marks: 0, made: [value] });
    } else if (typeof value === "function") {
      const make = value as (...given: unknown[]) => string;
      const marks = Array.from({ length: make.length }, (_, at) => 41 + at);
      // The second one is where the words for one and for many differ.
      found.set(name, { marks: make.length, made: [make(...marks), make(...marks.map(() => 1))] });
    } else {
      for (const [inner, text] of texts(value as Words, name)) found.set(inner, text);
    }
  }
  return found;
}

const english = texts(en);

describe.each(Object.keys(LANGUAGES))("the catalogue %s", (language) => {
  const load = async () => texts(await LANGUAGES[language]!.load());

  it("has every text and no other", async () => {
    expect([...(await load()).keys()]).toEqual([...english.keys()]);
  });

  it("shows everything that English shows in a text", async () => {
    const missing: string[] = [];
    for (const [name, { marks, made }] of await load()) {
      const [many = "", one = ""] = made;
      const [shown = ""] = english.get(name)?.made ?? [];
      for (let mark = 41; mark < 41 + (english.get(name)?.marks ?? 0); mark += 1) {
        if (shown.includes(String(mark)) !== many.includes(String(mark))) missing.push(`${name}: ${many}`);
      }
      if (marks > (english.get(name)?.marks ?? 0)) missing.push(`${name} wants more`);
      if (many.trim() === "" || (made.length > 1 && one.trim() === "")) missing.push(`${name} is empty`);
      if (/undefined|NaN|\$\{/.test(many + one)) missing.push(`${name}: ${many}`);
    }
    expect(missing).toEqual([]);
  });

  it("is translated", async () => {
    if (language === "en") return;
    // Names, units and words that are the same in both languages.
    const same = /^(app|.*\.(keys\..*|exportJsonl|exportMarkdown|duration|serverModel|name|system|code))$/;
    const left = [...(await load())]
      .filter(([name, { made }]) => made[0] === english.get(name)?.made[0] && !same.test(name))
      .map(([name]) => name);
    expect(left).toEqual([]);
  });
});
