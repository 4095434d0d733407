import { afterEach, describe, expect, it, vi } from "vitest";
import { SseReader, type Frame } from "./sse";

const bytes = (text: string) => new TextEncoder().encode(text);

function read(chunks: Iterable<Uint8Array>): Frame[] {
  const reader = new SseReader();
  return [...chunks].flatMap((chunk) => [...reader.push(chunk)]);
}

/** What comes of a stream, which has to be the same however it is cut. */
function framesOf(text: string): Frame[] {
  const all = bytes(text);
  const whole = read([all]);
  for (let at = 0; at <= all.length; at += 1) {
    // With and without an empty piece between the two.
    const [head, tail] = [all.slice(0, at), all.slice(at)];
    expect(read([head, tail]), `cut at ${at}`).toEqual(whole);
    expect(read([head, new Uint8Array(), tail]), `cut twice at ${at}`).toEqual(whole);
  }
  for (const size of [1, 2, 3, 5]) {
    const pieces = Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
    expect(read(pieces), `pieces of ${size}`).toEqual(whole);
  }
  return whole;
}

afterEach(() => void vi.restoreAllMocks());

// A CR at the end may be half of a CRLF: what comes next decides, so each stream goes on with a comment.
describe.each([
  ["LF", "\n"],
  ["CRLF", "\r\n"],
  ["CR", "\r"],
])("reads lines that end with %s, cut at every byte:", (_, end) => {
  const stream = (...lines: string[]) => framesOf([...lines, ": alive", ""].join(end));

  it("numbers, lines, and characters of two, three and four bytes", () => {
    expect(stream("id: 1", "data: ä", "data: 日本", "", "id: 2", "data: 🌈", "")).toEqual([
      { id: "1", data: "ä\n日本" },
      { id: "2", data: "🌈" },
    ]);
  });

  it("a byte order mark at the beginning only", () => {
    expect(stream("\uFEFFdata: a", "", "data: \uFEFFb", "")).toEqual([{ data: "a" }, { data: "\uFEFFb" }]);
    // Elsewhere it is part of the name of a field that nobody knows.
    expect(stream("data: a", "", "\uFEFFdata: b", "")).toEqual([{ data: "a" }]);
  });

  it("comments, which are nothing, alone and within a frame", () => {
    expect(stream(":", ": keep-alive", "", ":data: x", "", "id: 1", ": x", "data: a", ":", "data: b", "")).toEqual([{ id: "1", data: "a\nb" }]);
  });

  it("a pause before the next try, with data and without", () => {
    expect(stream("retry: 1000", "", "retry: 5", "data: a", "", "data: b", "")).toEqual([
      { data: "", retry: 1000 },
      { data: "a", retry: 5 },
      { data: "b" },
    ]);
    expect(stream("retry: 1s", "", "retry: -1", "", "retry: 1.5", "", "retry:", "", "retry", "")).toEqual([]);
  });

  it("fields as they are: one space less, no value, no colon, many colons", () => {
    expect(stream("data:a", "data:  b", "data: c: d", "data", "data:", "")).toEqual([{ data: "a\n b\nc: d\n\n" }]);
    expect(stream("data", "", "data:", "")).toEqual([{ data: "" }, { data: "" }]);
  });

  it("no field that it does not know, nor another spelling of one that it knows", () => {
    expect(stream("event: message", "Data: x", " data: x", "dat: x", "data : x", "ids: 1", "data: a", "")).toEqual([{ data: "a" }]);
  });

  it("the last number of a frame, none from another frame, and none that holds a NUL", () => {
    expect(stream("id: 1", "id: 2", "data: a", "", "data: b", "", "id", "data: c", "", "id: 3\0", "data: d", "")).toEqual([
      { id: "2", data: "a" },
      { data: "b" },
      { id: "", data: "c" },
      { data: "d" },
    ]);
  });

  it("nothing of a frame without data, or without its end", () => {
    expect(stream("id: 1", "", "", "", "data: a", "", "id: 2", "data: b")).toEqual([{ data: "a" }]);
  });
});

it("reads lines that end in different ways", () => {
  expect(framesOf("id: 1\rdata: a\r\n\ndata: b\n\r\ndata: c\r\r: alive\n")).toEqual([{ id: "1", data: "a" }, { data: "b" }, { data: "c" }]);
});

it("goes on behind bytes that are no text", () => {
  const broken = [bytes("data: "), Uint8Array.of(0xff, 0xe6, 0x97), bytes("\n\ndata: b\n\n")];
  expect(read(broken)).toEqual([{ data: "\uFFFD\uFFFD" }, { data: "b" }]);
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
