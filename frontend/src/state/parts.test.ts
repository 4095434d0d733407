import { describe, expect, it } from "vitest";
import type { Call } from "../api/types";
import { parts, pretty } from "./parts";

const call = (id: string, offset: number): Call => ({
  id,
  call_id: id,
  name: "f",
  arguments: "{}",
  status: "completed",
  offset,
});

const shown = (text: string, ...calls: Call[]) => parts(text, calls).map((part) => part.call?.id ?? ("text" in part ? part.text : ""));

describe("an answer with calls", () => {
  it("is cut where they were made", () => {
    expect(shown("one two")).toEqual(["one two"]);
    expect(shown("one two", call("a", 0))).toEqual(["a", "one two"]);
    expect(shown("one two", call("a", 4), call("b", 4))).toEqual(["one ", "a", "b", "two"]);
    expect(shown("one two", call("a", 7))).toEqual(["one two", "a", ""]);
    expect(shown("🌈 two", call("a", 3))).toEqual(["🌈 ", "a", "two"]);
  });

  it("loses nothing, whatever it is told", () => {
    expect(shown("one", call("a", 99), call("b", 1))).toEqual(["one", "a", "b", ""]);
  });

  it("keeps the names of its pieces while it grows", () => {
    const keys = (text: string, ...calls: Call[]) => parts(text, calls).map((part) => part.key);
    const before = keys("one");
    const then = keys("one", call("a", 3));
    const after = keys("one two", call("a", 3));
    expect(then.slice(0, 1)).toEqual(before);
    expect(after).toEqual(then);
    expect(new Set(after).size).toBe(after.length);
    expect(new Set(keys("one", call("a", 0))).size).toBe(2);
  });
});

describe("arguments", () => {
  it("get lines and indents", () => {
    expect(pretty('{"a":[1,{"b":"x, {y}: \\"z\\""}],"c":{},"d":[]}')).toBe(
      ['{', '  "a": [', "    1,", "    {", '      "b": "x, {y}: \\"z\\""', "    }", "  ],", '  "c": {},', '  "d": []', "}"].join("\n"),
    );
    expect(pretty("{}")).toBe("{}");
    expect(pretty("[ ]")).toBe("[]");
    expect(pretty('"only"')).toBe('"only"');
  });

  it("keep every digit", () => {
    expect(pretty('{"id":12345678901234567890.10}')).toBe('{\n  "id": 12345678901234567890.10\n}');
  });

  it("stay as they are when they are no JSON", () => {
    for (const text of ["", '{"a":', "words"]) expect(pretty(text)).toBe(text);
  });

  it("s13_do_not_swell_however_deep_they_are", () => {
    const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(pretty(deep(50_000)).length).toBeLessThan(100_000 * 66);
    expect(JSON.parse(pretty(deep(100)))).toEqual(JSON.parse(deep(100)));
    expect(pretty(deep(200_000))).toBe(deep(200_000));
  });

  it("mean the same as before", () => {
    const value = { a: [1, -2.5e-3, true, null, "\u2028 \\ \" []{}:,"], b: { c: [[], {}, [{}]] } };
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 3)]) {
      expect(JSON.parse(pretty(text))).toEqual(value);
      expect(pretty(text)).toBe(JSON.stringify(value, null, 2));
    }
  });
});
