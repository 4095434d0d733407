import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { oneTab } from "./locks";

const KEY = "chatapp.lock.work";
const settled = (ms: number) => vi.advanceTimersByTimeAsync(ms);

let device: Map<string, string>;
/** What tabs do when they are closed. */
let closing: (() => void)[];
/** What the tabs were doing, in order. */
let done: string[];

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  device = new Map();
  closing = [];
  done = [];
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => device.get(key) ?? null,
    setItem: (key: string, value: string) => void device.set(key, value),
    removeItem: (key: string) => void device.delete(key),
  });
  vi.stubGlobal("addEventListener", (_: string, close: () => void) => closing.push(close));
  vi.stubGlobal("removeEventListener", () => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Work of so many milliseconds. */
const work = (name: string, time: number) => async () => {
  done.push(`${name} begins`);
  await new Promise((resolve) => setTimeout(resolve, time));
  done.push(`${name} ends`);
};

it("without locks of the browser one tab works after the other, however long it takes", async () => {
  void oneTab("work", work("one", 60_000));
  void oneTab("work", work("two", 10));
  await settled(70_000);
  expect([done.filter((one) => one.endsWith("begins")).length, done.length]).toEqual([2, 4]);
  expect(done[1]).toBe(done[0]!.replace("begins", "ends"));
  expect(device.size).toBe(0);
});

it("a tab that is closed lets the next one work at once, one that crashed after a while", async () => {
  void oneTab("work", () => new Promise(() => {}));
  await settled(60_000);
  closing[0]!();
  void oneTab("work", work("two", 0));
  await settled(1_000);
  expect(done).toEqual(["two begins", "two ends"]);
  device.set(KEY, JSON.stringify({ by: "crashed", until: Date.now() + 15_000 }));
  void oneTab("work", work("three", 0));
  await settled(14_000);
  expect(done).toHaveLength(2);
  await settled(2_000);
  expect(done).toHaveLength(4);
});

it("what failed is over, too", async () => {
  const failed = oneTab("work", async () => Promise.reject(new Error("no"))).catch((error: Error) => error.message);
  await settled(100);
  expect(await failed).toBe("no");
  expect(device.size).toBe(0);
});

it.each(["{", "null", "{}", JSON.stringify({ by: "it", until: 1_800_000_000_000 }), JSON.stringify({ by: "it", until: 1 })])(
  "nobody waits for %s",
  async (kept) => {
    device.set(KEY, kept);
    void oneTab("work", work("it", 0));
    await settled(100);
    expect(done).toHaveLength(2);
  },
);

it("nobody waits where nothing can be kept", async () => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => { throw new Error("full"); }, removeItem: () => {} });
  void oneTab("work", work("it", 0));
  await settled(0);
  expect(done).toHaveLength(2);
});

it.each([true, false])("a tab that may not use the storage (it throws: %s) works all the same", async (throws) => {
  const forbidden = {
    get: () => {
      if (throws) throw new Error("SecurityError");
      return null;
    },
  };
  Object.defineProperty(globalThis, "localStorage", { ...forbidden, configurable: true });
  void oneTab("work", work("one", 1_000));
  await settled(2_000);
  expect(done).toEqual(["one begins", "one ends"]);
});
