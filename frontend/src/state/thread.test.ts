import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Message, Turn } from "../api/types";

const ID = "conv_1";

/** What the server has of the conversation; nothing while it is in the trash. */
let there: boolean;
let messages: Message[];
/** How often the conversation was asked for. */
let loads: number;
/** What was sent, with its key, and what comes of the next of it. */
let posts: { path: string; key: string | undefined; body: unknown; keepalive: boolean | undefined }[];
let replies: (() => Response)[];
/** Holds what is asked for until it is let go; then it is answered as it was when it was asked. */
let held: Promise<void> | undefined;
let heard: Record<string, (() => void)[]>;

const message = (seq: number, parent: string | null): Message =>
  ({ id: `msg_${seq}`, type: "message", conversation_id: ID, seq, parent_id: parent, is_user: seq % 2 === 1, content: `text ${seq}`, status: "completed", response_id: null }) as unknown as Message;
/** Messages with these numbers, each below the one before. */
const branch = (first: number, last: number): Message[] =>
  Array.from({ length: last - first + 1 }, (_, at) => message(first + at, first + at > 1 ? `msg_${first + at - 1}` : null));
const turn = (seq: number, parent: string | null): Turn =>
  ({ user_message: message(seq, parent), message: message(seq + 1, `msg_${seq}`), response: { id: `resp_${seq}` } }) as unknown as Turn;

const reply = (status: number, body: unknown, headers = {}) => new Response(JSON.stringify(body), { status, headers });

async function server(path: string, { method, body, headers, keepalive }: RequestInit): Promise<Response> {
  if (path.startsWith("/api/auth/")) return reply(200, { access_token: "token", expires_in: 900, user: { id: "user_1" } });
  if (method === "POST") {
    posts.push({ path, key: (headers as Record<string, string>)["idempotency-key"], body: JSON.parse(body as string), keepalive });
    return replies.shift()!();
  }
  if (path.endsWith("/events")) return new Response(new ReadableStream());
  if (path === `/api/conversations/${ID}`) loads += 1;
  const found = there
    ? () => reply(200, { id: ID, head_id: messages.at(-1)?.id, active_response_id: null, updated_at: "" })
    : () => reply(404, { error: { message: "gone", code: "not_found" } });
  const answer = path.includes("/messages") && there ? ((data) => () => reply(200, { data, has_more: false }))(messages) : found;
  await held;
  return answer();
}

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers();
  there = true;
  messages = branch(1, 4);
  loads = 0;
  posts = [];
  replies = [];
  held = undefined;
  heard = {};
  const listens = { addEventListener: (type: string, hear: () => void) => void (heard[type] ??= []).push(hear), removeEventListener: (type: string, hear: () => void) => void (heard[type] = heard[type]!.filter((one) => one !== hear)) };
  for (const [name, listen] of Object.entries(listens)) vi.stubGlobal(name, listen);
  vi.stubGlobal("document", { hidden: false, querySelector: () => null, ...listens });
  vi.stubGlobal("requestAnimationFrame", () => 0);
  vi.stubGlobal("navigator", { onLine: true, locks: { request: (_: string, work: () => Promise<unknown>) => work() } });
  vi.stubGlobal("fetch", server);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settled = () => vi.advanceTimersByTimeAsync(0);
const say = (type: string) => heard[type]?.forEach((hear) => hear());

async function shows() {
  const { Thread } = await import("./thread.svelte");
  const thread = new Thread(ID);
  thread.enter();
  await settled();
  return thread;
}
const ids = (thread: { messages: Message[] }) => thread.messages.map((one) => one.seq);

describe("w6: a conversation that was not there", () => {
  it.each(["focus", "visibilitychange"])("is shown when somebody looks at it again (%s) and it is back", async (look) => {
    there = false;
    const thread = await shows();
    expect(thread.state).toBe("missing");
    say(look);
    await settled();
    expect([thread.state, loads]).toEqual(["missing", 2]);
    there = true;
    vi.stubGlobal("document", { ...document, hidden: true });
    say(look);
    await settled();
    expect([thread.state, loads]).toEqual(["missing", 2]);
    vi.stubGlobal("document", { ...document, hidden: false });
    say(look);
    await settled();
    expect([thread.state, loads]).toEqual(["ready", 3]);
    expect(ids(thread)).toEqual([1, 2, 3, 4]);
    // What is there is not asked for whenever somebody looks.
    say(look);
    await settled();
    expect(loads).toBe(3);
  });

  it("is shown as soon as the server tells of it", async () => {
    there = false;
    const thread = await shows();
    const { conversations } = await import("./conversations.svelte");
    there = true;
    await conversations.reload(ID);
    await settled();
    expect(thread.state).toBe("ready");
  });

  it("is not asked for by a screen that was left", async () => {
    there = false;
    const thread = await shows();
    thread.leave();
    say("focus");
    await settled();
    expect(loads).toBe(1);
  });
});

describe("w7: an answer that was cut off", () => {
  const PATH = "/api/responses/resp_4/continue";
  const cut = () => ({ ...message(4, "msg_3"), status: "incomplete", response_id: "resp_4" }) as Message;
  const goesOn = () => reply(202, { user_message: message(3, "msg_2"), message: { ...cut(), status: "in_progress" }, response: { id: "resp_5" } });

  it("is continued in its place, and nothing is said in the person's name", async () => {
    messages = [...branch(1, 3), cut()];
    const thread = await shows();
    replies = [goesOn];
    await thread.continue(thread.messages.at(-1)!);
    await settled();
    expect(posts).toMatchObject([{ path: PATH, body: {} }]);
    expect(thread.messages.map((one) => [one.seq, one.is_user, one.content])).toEqual([
      [1, true, "text 1"],
      [2, false, "text 2"],
      [3, true, "text 3"],
      [4, false, "text 4"],
    ]);
    expect([thread.live?.response, thread.live?.message, thread.live?.text]).toEqual(["resp_5", "msg_4", "text 4"]);
    expect(thread.outgoing).toEqual([]);
    thread.leave();
  });

  it("is continued once, however often that has to be asked for", async () => {
    messages = [...branch(1, 3), cut()];
    const thread = await shows();
    const lost = () => {
      throw new TypeError("away");
    };
    replies = [lost, () => reply(503, { error: { message: "full", code: "overloaded" } }, { "retry-after": "2" }), goesOn];
    const done = thread.continue(thread.messages.at(-1)!);
    expect(thread.busy).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    await done;
    expect(posts.map((one) => one.path)).toEqual([PATH, PATH, PATH]);
    expect(new Set(posts.map((one) => one.key)).size).toBe(1);
    expect(thread.wish).toBeUndefined();
    thread.leave();
  });

  it("stays as it is when it cannot be continued, and that is said", async () => {
    messages = [...branch(1, 3), cut()];
    const thread = await shows();
    replies = [() => reply(409, { error: { message: "No.", code: "cannot_continue" } })];
    await thread.continue(thread.messages.at(-1)!);
    expect(thread.wish?.failed).toMatchObject({ code: "cannot_continue" });
    expect(ids(thread)).toEqual([1, 2, 3, 4]);
    thread.discard();
    expect(thread.busy).toBe(false);
  });
});

describe("a wish for another answer", () => {
  const PATH = "/api/messages/msg_4/regenerate";
  const away = () => {
    throw new TypeError("away");
  };
  let kept: Map<string, string>;
  /** Shows it on a page that was loaded anew. */
  const reloaded = async () => {
    vi.resetModules();
    await import("./session.svelte");
    await (await import("../api/tokens")).resume();
    return shows();
  };

  beforeEach(() => {
    kept = new Map();
    vi.stubGlobal("sessionStorage", {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, text: string) => kept.set(name, text),
      removeItem: (name: string) => kept.delete(name),
    });
  });

  it("is sent though the page is closed at once, and asked again with its key after a reload", async () => {
    const thread = await shows();
    replies = [away, () => reply(202, turn(5, "msg_3"))];
    void thread.regenerate(thread.messages.at(-1)!, "other");
    await settled();
    expect(thread.wish?.instead).toBe("msg_4");
    thread.leave();
    const again = await reloaded();
    await settled();
    expect(posts).toMatchObject(Array.from({ length: 2 }, () => ({ path: PATH, key: posts[0]!.key, body: { model: "other" }, keepalive: true })));
    expect(again.wish).toBeUndefined();
    expect(kept.size).toBe(0);
    again.leave();
    const third = await reloaded();
    await settled();
    expect([posts.length, third.busy]).toEqual([2, false]);
    third.leave();
  });

  it("is not asked again by itself when it was refused, when nobody wants it any more, or after a day", async () => {
    const thread = await shows();
    replies = [() => reply(409, { error: { message: "No.", code: "cannot_continue" } }), away];
    await thread.regenerate(thread.messages.at(-1)!);
    expect([thread.wish?.failed?.message, kept.size]).toEqual(["No.", 0]);
    thread.discard();
    void thread.regenerate(thread.messages.at(-1)!);
    await settled();
    thread.leave();
    expect(kept.size).toBe(1);
    vi.setSystemTime(Date.now() + 86_400_000);
    const later = await reloaded();
    expect([posts.length, later.busy]).toEqual([2, false]);
    later.leave();
  });

  it("has its day from when it was first asked for, however often its page is loaded again", async () => {
    const first = await shows();
    replies = [away, away];
    void first.regenerate(first.messages.at(-1)!);
    await settled();
    first.leave();
    for (const count of [2, 2]) {
      vi.setSystemTime(Date.now() + 20 * 3_600_000);
      const again = await reloaded();
      await settled();
      expect(posts.length).toBe(count);
      again.leave();
    }
  });

  it("goes with its person", async () => {
    const thread = await shows();
    replies = [away];
    void thread.regenerate(thread.messages.at(-1)!);
    await settled();
    thread.leave();
    const { dropWishes, keptWish } = await import("./wishes");
    vi.stubGlobal("sessionStorage", Object.assign(Object.create(sessionStorage), Object.fromEntries(kept)));
    dropWishes("user_other");
    expect(kept.size).toBe(1);
    dropWishes("user_1");
    expect(kept.size).toBe(0);
    expect(keptWish("user_1", "conv_1")).toBeUndefined();
  });
});

describe("a turn", () => {
  it("is shown below its message, in place of what was there", async () => {
    const thread = await shows();
    thread.take(turn(5, "msg_4"));
    expect(ids(thread)).toEqual([1, 2, 3, 4, 5, 6]);
    thread.take(turn(7, "msg_2"));
    expect(ids(thread)).toEqual([1, 2, 7, 8]);
    thread.take(turn(9, null));
    expect(ids(thread)).toEqual([9, 10]);
    expect(loads).toBe(1);
    thread.leave();
  });

  it("below a message that nobody knows here is asked for with all that is above it", async () => {
    const thread = await shows();
    // Somebody has said something on another device.
    messages = branch(1, 8);
    thread.take(turn(7, "msg_6"));
    await settled();
    expect(ids(thread)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    thread.leave();
  });

  it("is asked for once more if what was asked for before cannot know it", async () => {
    const thread = await shows();
    let letGo = () => {};
    held = new Promise((resolve) => (letGo = resolve));
    void thread.refresh();
    await settled();
    messages = branch(1, 8);
    thread.take(turn(7, "msg_6"));
    await settled();
    letGo();
    await settled();
    expect(ids(thread)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    thread.leave();
  });
});
