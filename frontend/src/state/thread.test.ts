import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Message, Turn } from "../api/types";

const ID = "conv_1";

/** What the server has of the conversation; nothing while it is in the trash. */
let there: boolean;
let messages: Message[];
/** How often the conversation was asked for. */
let loads: number;
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

async function server(path: string): Promise<Response> {
  const reply = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
  if (path.startsWith("/api/auth/")) return reply(200, { access_token: "token", expires_in: 900, user: { id: "user_1" } });
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
