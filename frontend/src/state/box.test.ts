import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Device } from "../testing/device";
import type { Box } from "./box.svelte";

const USER = "user_1";
const CONVERSATION = "conv_1";

let device: Device;
let opened: Box[];

beforeEach(() => {
  vi.useFakeTimers();
  opened = [];
  // Every tab hears what another one has written.
  device = new Device((name) => opened.forEach((box) => box.heard({ key: name, oldValue: null, newValue: "" })));
  vi.stubGlobal("localStorage", device.storage);
  vi.stubGlobal("document", { hidden: false });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Opens the box of a conversation in a new tab. */
async function open(): Promise<Box> {
  vi.resetModules();
  const { Box } = await import("./box.svelte");
  const box = new Box(USER, CONVERSATION);
  opened.push(box);
  return box;
}

/** Types, and waits for a moment. */
async function type(box: Box, text: string) {
  box.text = text;
  await vi.advanceTimersByTimeAsync(1_000);
}

const giveBack = async (text: string) => (await import("./drafts")).giveBack(USER, CONVERSATION, text);
const drafts = () => device.names(`chatapp.draft.${USER}.`);

describe("what is typed", () => {
  it("is kept a moment later, at once when the page goes, and until it is sent", async () => {
    const box = await open();
    box.text = "hello";
    expect(drafts()).toEqual([]);
    box.keep();
    expect((await open()).text).toBe("hello");
    await type(box, "hello, you");
    expect((await open()).text).toBe("hello, you");
    box.clear();
    expect(drafts()).toEqual([]);
    expect((await open()).text).toBe("");
  });

  it("is not dropped by an empty box in another tab", async () => {
    const empty = await open();
    await type(await open(), "hello");
    empty.keep();
    expect((await open()).text).toBe("hello");
  });

  it("is kept while it is typed, however long nobody pauses", async () => {
    const box = await open();
    for (let at = 1; at <= 100; at += 1) {
      box.text = "a".repeat(at);
      await vi.advanceTimersByTimeAsync(50);
    }
    expect((await open()).text.length).toBeGreaterThan(90);
  });

  it.each([
    ["the last one to write", "one", "two", [1, 0], "one\n\ntwo"],
    ["the first one to write", "one", "two", [0, 1], "one\n\ntwo"],
    ["the one whose text is in the other's", "one", "one, and two", [0, 1], "one, and two"],
  ])("in two tabs at once is all kept when both go, first %s", async (_, first, second, order, whole) => {
    const tabs = [await open(), await open()];
    await type(tabs[0]!, first);
    await type(tabs[1]!, second);
    for (const at of order) tabs[at]!.leave();
    opened = [];
    const { text } = await open();
    expect(text).toBe(whole);
    expect((await open()).text).toBe(text);
    expect(drafts()).toEqual([CONVERSATION]);
  });

  it.each([
    ["the same text", "hello", ""],
    ["another text, which is kept", "hello, you", "hello, you"],
  ])("that another tab has sent is not there any more: %s", async (_, text, rest) => {
    const sent = await open();
    await type(sent, "hello");
    const box = await open();
    const key = `chatapp.draft.${USER}.${CONVERSATION}`;
    const oldValue = device.kept.get(key)!;
    box.text = text;
    sent.clear();
    box.heard({ key, oldValue, newValue: null });
    box.leave();
    expect([box.text, (await open()).text]).toEqual([rest, rest]);
  });

  it("is there once when its page comes back", async () => {
    const tabs = [await open(), await open()];
    await type(tabs[0]!, "one");
    await type(tabs[1]!, "two");
    tabs[0]!.leave();
    tabs[0]!.back();
    expect(tabs[0]!.text).toBe("one");
    expect(drafts()).toEqual([CONVERSATION]);
  });

  it("goes where its conversation goes", async () => {
    const box = await open();
    await type(box, "and on");
    box.moveTo("conv_2");
    expect(box.text).toBe("");
    const { Box } = await import("./box.svelte");
    expect(new Box(USER, "conv_2").text).toBe("and on");
    expect(drafts()).toEqual(["conv_2"]);
  });

  it("is not kept after a logout", async () => {
    const box = await open();
    await type(box, "hello");
    const [{ dropDrafts }, { close }] = [await import("./drafts"), await import("./kept")];
    box.text = "hello, you";
    dropDrafts(USER);
    close();
    box.keep();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(drafts()).toEqual([]);
  });
});

describe("what is given back", () => {
  it("is in front of what was typed meanwhile, once", async () => {
    const box = await open();
    await type(box, "typed");
    await giveBack("refused");
    expect(box.text).toBe("refused\n\ntyped");
    box.look();
    box.keep();
    expect(box.text).toBe("refused\n\ntyped");
    expect((await open()).text).toBe("refused\n\ntyped");
  });

  it("is there when the conversation is opened, all of it", async () => {
    await open();
    opened = [];
    await giveBack("one");
    await giveBack("two");
    expect((await open()).text).toBe("one\n\ntwo");
    expect(drafts()).toEqual([CONVERSATION]);
  });

  it.each(["", "typed"])("is not lost by a tab that nobody looks at (%j)", async (typed) => {
    const box = await open();
    await type(box, typed);
    vi.stubGlobal("document", { hidden: true });
    await giveBack("refused");
    expect(box.text).toBe(typed);
    // It is closed.
    box.keep();
    vi.stubGlobal("document", { hidden: false });
    expect((await open()).text).toBe(typed ? "refused\n\ntyped" : "refused");
  });
});

describe("on a device without room", () => {
  it("what is typed stays as long as the page, which is not closed unasked, and is kept when there is room", async () => {
    const asks: ((event: { preventDefault(): void }) => void)[] = [];
    vi.stubGlobal("addEventListener", (type: string, ask: (typeof asks)[0]) => type === "beforeunload" && asks.push(ask));
    const box = await open();
    const asked = () => {
      const preventDefault = vi.fn();
      asks.at(-1)!({ preventDefault });
      return preventDefault.mock.calls.length > 0;
    };
    device.full = true;
    await type(box, "hello");
    await giveBack("refused");
    const { Box } = await import("./box.svelte");
    expect(new Box(USER, CONVERSATION).text).toBe("refused\n\nhello");
    expect(drafts()).toEqual([]);
    expect(asked()).toBe(true);
    device.full = false;
    const { writeDraft } = await import("./drafts");
    writeDraft(USER, "edit.msg_1", "other words");
    expect(asked()).toBe(false);
    expect((await open()).text).toBe("refused\n\nhello");
  });
});
