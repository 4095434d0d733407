import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Locks, stubBrowser } from "../testing/browser";
import { Device } from "../testing/device";
import { refuse, reply, turn } from "../testing/replies";
import { Server } from "../testing/server";
import type { Item, Listener } from "./outbox.svelte";

const USER = "user_1";
const CONVERSATION = "conv_1";

/** What a browser keeps, whatever becomes of its pages. */
let device: Device;
let server: Server;
/** What the tabs do when something on the device has changed. */
let storage: ((event: { key: string }) => void)[];
let locks: Locks;

/** Opens a tab: everything that lives in memory only is as new. */
async function tab(listener: Listener = {}) {
  vi.resetModules();
  const { outbox } = await import("./outbox.svelte");
  outbox.listen(listener);
  outbox.start(USER);
  return outbox;
}

/** A browser tells the other tabs; here the one that wrote it hears it, too, and has to bear that. */
const changed = (key: string) => void setTimeout(() => storage.forEach((hear) => hear({ key })));
const settled = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const waiting = () => device.names("chatapp.outbox.");
const said = () => server.said();

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  device = new Device(changed);
  server = new Server(USER, CONVERSATION);
  locks = new Locks();
  storage = [];
  stubBrowser(device, locks, storage);
  vi.stubGlobal("fetch", server.fetch);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("w1: a message", () => {
  it("is kept before it is sent, and until the server has it", async () => {
    const outbox = await tab();
    expect(outbox.put({ conversation: CONVERSATION, content: "hello" })).toBe(true);
    expect(waiting()).toHaveLength(1);
    expect(server.posts).toEqual([]);
    await settled();
    expect(server.posts).toMatchObject([{ path: "/api/conversations/conv_1/messages", body: { content: "hello" }, keepalive: true }]);
    expect(waiting()).toEqual([]);
    expect(outbox.items).toEqual([]);
  });

  it("makes its conversation in the same request, with all that belongs to it", async () => {
    const outbox = await tab();
    outbox.put({ content: "hello", rest: { conversation: { model: "m", instructions: "rhyme" } } });
    await settled();
    expect(server.posts.map(({ path, body }) => [path, body])).toEqual([
      ["/api/messages", { content: "hello", conversation: { model: "m", instructions: "rhyme" } }],
    ]);
  });

  it("is sent again with the same key and body by the next tab when this one is gone", async () => {
    const first = await tab();
    server.replies = [() => new Response(new ReadableStream())]; // Taken, and its reply never comes.
    first.put({ content: "hello", rest: { conversation: { model: "m" } } });
    await settled();
    locks.crash();
    const sent = vi.fn();
    const second = await tab({ sent });
    expect(second.items).toMatchObject([{ content: "hello" }]);
    await settled();
    expect(server.posts).toHaveLength(2);
    expect(server.posts[0]!.key).toBe(server.posts[1]!.key);
    expect(server.posts[0]!.body).toEqual(server.posts[1]!.body);
    expect(sent).toHaveBeenCalledTimes(1);
    expect(waiting()).toEqual([]);
  });

  describe.each([true, false])("with several tabs (locks: %s)", (locking) => {
    beforeEach(() => {
      if (!locking) vi.stubGlobal("navigator", { onLine: true });
    });

    it.each([CONVERSATION, undefined])("is sent by the one in which it was written (%s)", async (conversation) => {
      const first = await tab();
      const sent = vi.fn();
      const second = await tab({ sent });
      let letGo = () => {};
      const taking = new Promise<void>((resolve) => (letGo = resolve));
      server.replies = [async () => (await taking, reply(201, turn("/api/conversations/conv_1/messages", "hello", 0)))];
      first.put({ content: "hello", ...(conversation ? { conversation } : {}) });
      await settled(20_000);
      expect(second.items).toMatchObject([{ content: "hello", ours: false, sending: false }]);
      expect(second.beginnings).toEqual([]);
      expect(server.posts).toHaveLength(1);
      letGo();
      await settled(20_000);
      expect(server.posts).toHaveLength(1);
      expect(first.items).toEqual([]);
      expect(second.items).toEqual([]);
      expect(sent).not.toHaveBeenCalled();
    });

    it("waits for the person in all of them once it has failed", async () => {
      const first = await tab();
      const second = await tab();
      server.replies = [refuse(500, "internal_error")];
      first.put({ conversation: CONVERSATION, content: "hello" });
      await settled(60_000);
      expect(server.posts).toHaveLength(1);
      expect(second.items).toMatchObject([{ content: "hello", failed: expect.any(Error) }]);
      // Also in one that is opened now.
      const third = await tab();
      await settled(60_000);
      expect(server.posts).toHaveLength(1);
      third.retry(third.items[0]!.key);
      await settled(60_000);
      expect(server.posts.map((one) => one.key)).toEqual([server.posts[0]!.key, server.posts[0]!.key]);
      for (const one of [first, second, third]) expect(one.items).toEqual([]);
    });

    it("is sent before the one that was written after it in another tab, even if its own has crashed", async () => {
      const left = { key: "key_1", conversation: CONVERSATION, content: "one", rest: {}, at: 1, tried: 0 };
      const lock = `chatapp.outbox.${CONVERSATION}`;
      device.kept.set(`chatapp.outbox.${USER}.key_1`, JSON.stringify(left));
      if (locking) locks.queues.set(lock, [() => {}]);
      else device.kept.set(`chatapp.lock.${lock}`, JSON.stringify({ by: "it", until: Date.now() + 15_000 }));
      const second = await tab();
      second.put({ conversation: CONVERSATION, content: "two" });
      await settled(10_000);
      expect(server.posts).toEqual([]);
      locks.crash();
      await settled(60_000);
      expect(said()).toEqual(["one", "two"]);
    });
  });

  it("is not sent by itself when the server no longer knows whether it has it", async () => {
    const first = await tab();
    server.replies = [() => new Response(new ReadableStream())];
    first.put({ conversation: CONVERSATION, content: "hello" });
    await settled();
    locks.crash();
    vi.setSystemTime(Date.now() + 24 * 3_600_000);
    const second = await tab();
    await settled(60_000);
    expect(server.posts).toHaveLength(1);
    expect(second.items).toMatchObject([{ content: "hello", failed: { name: "Unsure" } }]);
    second.retry(second.items[0]!.key);
    await settled();
    expect(server.posts).toHaveLength(2);
    expect(waiting()).toEqual([]);
  });

  it("is not sent by itself either by a tab that stays open for a day", async () => {
    const outbox = await tab();
    const lost = () => {
      server.reachable = false;
      throw new TypeError("away");
    };
    server.replies = [lost]; // Taken, and its reply is lost.
    outbox.put({ conversation: CONVERSATION, content: "hello" });
    await settled();
    await settled(24 * 3_600_000);
    expect(outbox.items).toMatchObject([{ sending: true, failed: undefined }]);
    server.reachable = true;
    await settled(60_000);
    expect(server.posts).toHaveLength(1);
    expect(outbox.items).toMatchObject([{ content: "hello", sending: false, failed: { name: "Unsure" } }]);
  });

  it("nor when its session has ended for a day", async () => {
    device.kept.set("chatapp.user", USER);
    const outbox = await tab();
    const { session } = await import("./session.svelte");
    await session.resume();
    const lost = () => {
      server.known = false;
      throw new TypeError("away");
    };
    server.replies = [lost];
    outbox.put({ conversation: CONVERSATION, content: "hello" });
    await settled();
    (await import("../api/tokens")).tokenRefused("token");
    await settled(24 * 3_600_000);
    expect(session.state).toBe("ended");
    await session.login({ email: "", password: "" });
    await settled(60_000);
    expect(server.posts).toHaveLength(1);
    expect(outbox.items).toMatchObject([{ content: "hello", failed: { name: "Unsure" } }]);
  });

  it("nor because it was tried in between", async () => {
    const outbox = await tab();
    server.replies = [refuse(500, "internal_error"), refuse(500, "internal_error")];
    outbox.put({ conversation: CONVERSATION, content: "hello" });
    await settled(22 * 3_600_000);
    const { key } = outbox.items[0]!;
    outbox.retry(key);
    await settled(2 * 3_600_000);
    expect(server.posts).toHaveLength(2);
    outbox.retry(key);
    await settled(60_000);
    expect(server.posts).toHaveLength(2);
    expect(outbox.items).toMatchObject([{ content: "hello", failed: { name: "Unsure" } }]);
    // Whoever has been told may send it all the same.
    outbox.retry(key);
    await settled();
    expect(server.posts).toHaveLength(3);
  });

  describe("that was to begin a conversation and has failed", () => {
    /** Begins a conversation as the screen does. */
    function begin(outbox: Awaited<ReturnType<typeof tab>>, content: string) {
      const { conversation, rest } = outbox.ahead ?? {};
      outbox.put({ content, ...(conversation && rest ? { conversation, rest } : {}) });
    }

    it("lets others begin", async () => {
      const sent = vi.fn();
      const outbox = await tab({ sent });
      server.replies = [refuse(500, "internal_error")];
      begin(outbox, "first");
      begin(outbox, "and on");
      expect(new Set(outbox.items.map((one) => one.conversation)).size).toBe(1);
      await settled(60_000);
      begin(outbox, "something else");
      expect(outbox.beginnings.map((one) => one.content)).toEqual(["first", "and on", "something else"]);
      await settled(60_000);
      expect(said()).toEqual(["something else"]);
      expect(outbox.beginnings.map((one) => one.content)).toEqual(["first", "and on"]);
      outbox.retry(outbox.beginnings[0]!.key);
      await settled(60_000);
      expect(server.posts.map((one) => [one.path, one.body.content])).toEqual([
        ["/api/messages", "first"],
        ["/api/messages", "something else"],
        ["/api/messages", "first"],
        ["/api/conversations/conv_new_1/messages", "and on"],
      ]);
      expect(sent).toHaveBeenCalledTimes(3);
    });

    it.each(["reload", "navigate"])("is known to be written in this tab if it was (%s)", async (type) => {
      const outbox = await tab();
      server.reachable = false;
      begin(outbox, "first");
      expect(outbox.items).toMatchObject([{ written: true }]);
      await settled();
      vi.spyOn(performance, "getEntriesByType").mockReturnValue([{ type }] as unknown as PerformanceEntryList);
      locks.crash();
      const written: boolean[] = [];
      await tab({ sent: (item) => void written.push(item.written) });
      server.reachable = true;
      await settled(60_000);
      expect(written).toEqual([type === "reload"]);
    });

    it("is shown where conversations begin, also after a reload", async () => {
      const outbox = await tab();
      server.replies = [refuse(500, "internal_error")];
      begin(outbox, "first");
      await settled(60_000);
      const later = await tab();
      expect(later.beginnings).toMatchObject([{ content: "first", failed: { status: 500 } }]);
      begin(later, "something else");
      await settled(60_000);
      expect(said()).toEqual(["something else"]);
    });
  });

  it("does not go with the page when it is too large for that", async () => {
    const outbox = await tab();
    outbox.put({ conversation: CONVERSATION, content: "ü".repeat(20_000) });
    await settled();
    expect(server.posts).toMatchObject([{ keepalive: false }]);
  });

  it("is kept to a number of them", async () => {
    const outbox = await tab();
    server.reachable = false;
    const { MOST } = await import("./outgoing");
    for (let n = 0; n < MOST; n += 1) expect(outbox.put({ conversation: CONVERSATION, content: `${n}` })).toBe(true);
    expect(outbox.put({ conversation: CONVERSATION, content: "one more" })).toBe(false);
    expect(waiting()).toHaveLength(MOST);
  });

  describe("on a device without room", () => {
    it("is sent all the same", async () => {
      device.full = true;
      const outbox = await tab();
      outbox.put({ conversation: CONVERSATION, content: "hello" });
      expect(waiting()).toEqual([]);
      await settled();
      expect(said()).toEqual(["hello"]);
      expect(outbox.items).toEqual([]);
    });

    it("is not lost when it is refused", async () => {
      device.full = true;
      const outbox = await tab();
      server.replies = [refuse(413, "request_too_large")];
      outbox.put({ conversation: CONVERSATION, content: "hello" });
      await settled();
      expect((await import("./drafts")).takeGiven(USER, CONVERSATION)).toBe("hello");
    });

    it("is kept as soon as there is room", async () => {
      device.full = true;
      server.reachable = false;
      const outbox = await tab();
      outbox.put({ conversation: CONVERSATION, content: "hello" });
      device.full = false;
      (await import("./drafts")).dropDraft(USER, CONVERSATION);
      expect(waiting()).toHaveLength(1);
    });
  });

  it("is not written again by a send that ends when its person has left", async () => {
    device.kept.set("chatapp.user", USER);
    const outbox = await tab();
    const { session } = await import("./session.svelte");
    vi.stubGlobal("location", { assign: () => {} });
    await session.resume();
    let fail = () => {};
    server.replies = [() => new Promise((resolve) => (fail = () => resolve(refuse(500, "internal_error")())))];
    outbox.put({ conversation: CONVERSATION, content: "hello" });
    await settled();
    await session.logout();
    fail();
    await settled(60_000);
    expect(waiting()).toEqual([]);
    expect(device.names("chatapp.draft.")).toEqual([]);
  });

  it("is removed with everything of a person who leaves", async () => {
    const outbox = await tab();
    server.reachable = false;
    outbox.put({ content: "hello" });
    device.kept.set("chatapp.outbox.user_2.key", "{}");
    (await import("./outgoing")).dropOutgoing(USER);
    expect(waiting()).toEqual(["user_2.key"]);
  });

  it("survives what is no entry of ours", async () => {
    device.kept.set(`chatapp.outbox.${USER}.a`, "{");
    device.kept.set(`chatapp.outbox.${USER}.b`, "null");
    device.kept.set(`chatapp.outbox.${USER}.c`, "{}");
    const outbox = await tab();
    outbox.put({ content: "hello" });
    await settled();
    expect(said()).toEqual(["hello"]);
  });
});

describe("a refusal", () => {
  it.each([
    [413, "request_too_large"],
    [422, "invalid_value"],
    [400, "context_length_exceeded"],
    [404, "not_found"],
    [507, "storage_full"],
  ])("for good (%i) gives the text back, and all that was to follow", async (status, code) => {
    const refused = vi.fn((_items: Item[]) => true);
    const outbox = await tab({ refused });
    server.replies = [refuse(status, code)];
    outbox.put({ content: "first" });
    outbox.put({ content: "second", conversation: outbox.items[0]!.conversation });
    await settled(60_000);
    expect(server.posts).toHaveLength(1);
    expect(refused.mock.calls[0]![0].map((one) => one.content)).toEqual(["first", "second"]);
    expect(waiting()).toEqual([]);
    expect(outbox.items).toEqual([]);
  });

  it("is put into the drafts when nobody shows the conversation", async () => {
    const { readDraft, takeGiven } = await import("./drafts");
    const outbox = await tab();
    server.replies = [refuse(413, "request_too_large"), refuse(413, "request_too_large")];
    outbox.put({ content: "first", rest: { conversation: { instructions: "rhyme" } } });
    await settled();
    outbox.put({ conversation: CONVERSATION, content: "other words", instead: "msg_1", rest: { parent_id: null } });
    await settled();
    expect(takeGiven(USER, "")).toBe("first");
    expect(readDraft(USER, "begin.instructions")).toBe("rhyme");
    expect(readDraft(USER, "edit.msg_1")).toBe("other words");
  });

  describe("of a conversation that was deleted while messages waited in it", () => {
    /** Queues a message, and another one in place of an old one; then the conversation is deleted elsewhere. */
    async function deletes(listener: Listener) {
      const outbox = await tab(listener);
      const { conversations } = await import("./conversations.svelte");
      server.active = "resp_running";
      await conversations.reload(CONVERSATION);
      outbox.put({ conversation: CONVERSATION, content: "other words", instead: "msg_1", rest: { parent_id: null } });
      outbox.put({ conversation: CONVERSATION, content: "and more" });
      await settled();
      server.deleted = true;
      await settled(10_000);
      expect(outbox.items).toEqual([]);
      expect(waiting()).toEqual([]);
      // It is left alone then.
      const before = server.looks;
      await settled(60_000);
      expect(server.looks).toBe(before);
    }

    it("is put into the box of a new conversation when nobody shows one", async () => {
      await deletes({});
      const { readDraft, takeGiven } = await import("./drafts");
      expect(takeGiven(USER, "")).toBe("other words\n\nand more");
      expect(readDraft(USER, "edit.msg_1")).toBeUndefined();
    });

    it("is shown in the box of a new conversation", async () => {
      const refused = vi.fn((items: Item[]) => items[0]!.conversation.startsWith("new."));
      await deletes({ refused });
      expect(refused.mock.lastCall![0].map((one) => [one.content, one.instead, one.rest])).toEqual([
        ["other words", undefined, {}],
        ["and more", undefined, {}],
      ]);
      expect((await import("./drafts")).takeGiven(USER, "")).toBe("");
    });

    it("is shown in its own box, not in the place of a message that is gone", async () => {
      const refused = vi.fn((items: Item[]) => items[0]!.conversation === CONVERSATION);
      await deletes({ refused });
      expect(refused.mock.calls.map(([items]) => items.map((one) => [one.content, one.instead]))).toEqual([
        [["other words", undefined], ["and more", undefined]],
      ]);
    });
  });

  it("that asks to wait is waited for", async () => {
    const outbox = await tab();
    server.replies = [refuse(429, "rate_limit_exceeded", {}, { "retry-after": "20" })];
    outbox.put({ conversation: CONVERSATION, content: "hello" });
    await settled();
    expect(outbox.items[0]!.until).toBe(Date.now() + 20_000);
    await settled(20_000);
    expect(said()).toEqual(["hello"]);
    expect(server.posts[0]!.key).toBe(server.posts[1]!.key);
  });

  it("that nobody understands keeps the message, with its key", async () => {
    const outbox = await tab();
    server.replies = [refuse(500, "internal_error")];
    outbox.put({ conversation: CONVERSATION, content: "hello" });
    await settled(60_000);
    expect(outbox.items).toMatchObject([{ content: "hello", failed: { status: 500 } }]);
    expect(waiting()).toHaveLength(1);
    outbox.retry(outbox.items[0]!.key);
    await settled();
    expect(said()).toEqual(["hello"]);
    expect(server.posts[0]!.key).toBe(server.posts[1]!.key);
  });
});

describe("w3: without a server", () => {
  it("everything waits, and is sent once in its order when it is back", async () => {
    const outbox = await tab();
    server.reachable = false;
    outbox.put({ content: "first" });
    await settled(10_000);
    const [head] = outbox.items;
    outbox.put({ content: "second", conversation: head!.conversation, rest: head!.rest });
    outbox.put({ conversation: CONVERSATION, content: "elsewhere" });
    await settled(60_000);
    expect(server.posts).toEqual([]);
    expect(waiting()).toHaveLength(3);
    expect(outbox.items.map((one) => one.tried > 0)).toEqual([true, false, false]);
    server.reachable = true;
    await settled(60_000);
    expect(said().toSorted()).toEqual(["elsewhere", "first", "second"]);
    expect(server.posts.find((one) => one.body.content === "second")!.path).toBe("/api/conversations/conv_new_0/messages");
    expect(waiting()).toEqual([]);
  });
});

describe("w8: while an answer is written", () => {
  it("messages wait for its end, and go one a turn", async () => {
    const outbox = await tab();
    const { conversations } = await import("./conversations.svelte");
    server.active = "resp_running";
    await conversations.reload(CONVERSATION);
    for (const content of ["one", "two", "three"]) outbox.put({ conversation: CONVERSATION, content });
    await settled(30_000);
    expect(server.posts).toEqual([]);
    for (const [at, content] of ["one", "two", "three"].entries()) {
      server.active = null;
      await settled(1);
      // Each is answered before the next is sent.
      const before = server.posts.length;
      await conversations.reload(CONVERSATION);
      server.active = `resp_${at}`;
      await settled(20_000);
      expect(server.posts.length).toBe(before + 1);
      expect(server.posts.at(-1)!.body.content).toBe(content);
    }
    server.active = null;
    await settled(20_000);
    expect(said()).toEqual(["one", "two", "three"]);
    expect(server.posts).toHaveLength(3);
  });

  it("one that nobody knew of is found out", async () => {
    const outbox = await tab();
    server.active = "resp_other";
    server.replies = [refuse(409, "conversation_locked", { response_id: "resp_other" })];
    outbox.put({ conversation: CONVERSATION, content: "hello" });
    await settled(30_000);
    expect(server.posts).toHaveLength(1);
    expect(outbox.items).toMatchObject([{ sending: false, tried: 0, failed: undefined }]);
    server.active = null;
    await settled(10_000);
    expect(said()).toEqual(["hello"]);
    expect(server.posts[0]!.key).toBe(server.posts[1]!.key);
  });

  it("what was asked before a message arrived does not let the next one go", async () => {
    const listened: { put?: (late: unknown) => void } = {};
    const late = { id: CONVERSATION, active_response_id: null, updated_at: "" };
    const outbox = await tab({ sent: () => listened.put?.(late) });
    const { conversations } = await import("./conversations.svelte");
    listened.put = (one) => conversations.put(one as never, false);
    outbox.put({ conversation: CONVERSATION, content: "one" });
    outbox.put({ conversation: CONVERSATION, content: "two" });
    server.active = "resp_0";
    await settled(20_000);
    expect(said()).toEqual(["one"]);
    server.active = null;
    await settled(10_000);
    expect(said()).toEqual(["one", "two"]);
  });

  it("one is taken back, and the others are sent", async () => {
    const outbox = await tab();
    const { conversations } = await import("./conversations.svelte");
    server.active = "resp_running";
    await conversations.reload(CONVERSATION);
    outbox.put({ conversation: CONVERSATION, content: "one" });
    outbox.put({ conversation: CONVERSATION, content: "two" });
    await settled();
    outbox.remove(outbox.items[0]!.key);
    server.active = null;
    await settled(10_000);
    expect(said()).toEqual(["two"]);
  });

  it("the queue outlives the tab", async () => {
    const first = await tab();
    const other = await import("./conversations.svelte");
    server.active = "resp_running";
    await other.conversations.reload(CONVERSATION);
    first.put({ conversation: CONVERSATION, content: "one" });
    first.put({ conversation: CONVERSATION, content: "two" });
    await settled();
    locks.crash();
    server.replies = [refuse(409, "conversation_locked", { response_id: "resp_running" })];
    const second = await tab();
    expect(second.items.map((one) => one.content)).toEqual(["one", "two"]);
    await settled(10_000);
    server.active = null;
    await settled(30_000);
    expect(said()).toEqual(["one", "two"]);
  });
});
