import { afterEach, expect, it, vi } from "vitest";
import { SseReader, type Frame } from "./sse";

const bytes = (text: string) => new TextEncoder().encode(text);

function read(chunks: Iterable<Uint8Array>): Frame[] {
  const reader = new SseReader();
  return [...chunks].flatMap((chunk) => [...reader.push(chunk)]);
}

afterEach(() => void vi.restoreAllMocks());

it("reads frames however they are cut and whatever ends their lines", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = ["id: 1", "data: ä", "data: b", "", ": alive", "", "retry: 5", "", "data: 🌈", "", ""].join(end);
    const whole = read([bytes(text), bytes("\n")]);
    expect(whole).toEqual([{ id: "1", data: "ä\nb" }, { data: "", retry: 5 }, { data: "🌈" }]);
    for (const size of [1, 2, 3, 7]) {
      const all = bytes(`${text}\n`);
      const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
      expect(read(chunks), `${JSON.stringify(end)} by ${size}`).toEqual(whole);
    }
  }
});

it("s13_looks_through_a_long_line_once", () => {
  const original = String.prototype.split;
  let looked = 0;
  vi.spyOn(String.prototype, "split").mockImplementation(function (this: string, ...given: unknown[]) {
    looked += this.length;
    return Reflect.apply(original, this, given) as string[];
  });
  const chunk = bytes("x".repeat(1_000));
  const frames = read([bytes("data: "), ...Array.from({ length: 1_000 }, () => chunk), bytes("\n\n")]);
  expect(frames).toEqual([{ data: "x".repeat(1_000_000) }]);
  expect(looked).toBeLessThan(1_100_000);
});
