// A chat screen without a screen: the client of the AI SDK (`ai`) with its default transport.
import assert from "node:assert/strict";
import {
  AbstractChat,
  DefaultChatTransport,
  lastAssistantMessageIsCompleteWithToolCalls,
} from "ai";

const [url, token] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };
const api = `${url}/api/chat`;

// What `useChat` keeps in React.
class State {
  status = "ready";
  error = undefined;
  constructor(messages) {
    this.messages = messages;
  }
  pushMessage = (message) => {
    this.messages = [...this.messages, message];
  };
  popMessage = () => {
    this.messages = this.messages.slice(0, -1);
  };
  replaceMessage = (index, message) => {
    this.messages = this.messages.with(index, structuredClone(message));
    this.shown?.();
  };
  snapshot = (value) => structuredClone(value);
}

class Chat extends AbstractChat {
  constructor({ id, messages = [], model, tools, ...others }) {
    const transport = new DefaultChatTransport({ api, headers, body: { model, tools } });
    super({ id, transport, state: new State(messages), ...others });
  }

  // Waits until the newest answer shows this many letters.
  shows(letters) {
    return new Promise((resolve) => {
      this.state.shown = () => {
        if (text(this.lastMessage).length >= letters) resolve();
      };
    });
  }
}

const text = (message) =>
  (message?.parts ?? []).flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
const ticks = (count) => Array.from({ length: count }, (_, n) => `tick ${n} \n`).join("");

async function load(id) {
  const reply = await fetch(`${api}/${encodeURIComponent(id)}`, { headers });
  assert.equal(reply.status, 200, await reply.clone().text());
  return reply.json();
}

// A tool loop: the upstream was told to call a tool, then to answer.
{
  const chat = new Chat({
    id: "tools",
    model: "m",
    tools: [{ type: "function", name: "get_weather", parameters: { type: "object" } }],
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
    onToolCall: ({ toolCall }) => {
      assert.deepEqual(toolCall.input, { city: "Faro" });
      const { toolCallId } = toolCall;
      chat.addToolOutput({ tool: "get_weather", toolCallId, output: { degrees: 22 } });
    },
  });
  const answered = chat.shows("It is warm.".length);
  await chat.sendMessage({ text: "How warm is it?" });
  await answered;
  while (chat.status !== "ready") await new Promise((resolve) => setImmediate(resolve));
  assert.equal(chat.messages.length, 2);
  const parts = chat.lastMessage.parts.filter((part) => part.type !== "step-start");
  assert.deepEqual(parts.map((part) => part.type), ["tool-get_weather", "text"]);
  assert.deepEqual(parts[0].output, { degrees: 22 });
  assert.equal(text(chat.lastMessage), "It is warm.");
  const { messages } = await load("tools");
  assert.equal(messages.length, 2);
  assert.equal(messages[1].id, chat.lastMessage.id);
  const kept = messages[1].parts.filter((part) => part.type.startsWith("tool-"));
  assert.deepEqual(kept.map((part) => [part.state, part.output]), [
    ["output-available", { degrees: 22 }],
  ]);
  console.log("tools");
}

// Send.
{
  const chat = new Chat({ id: "sent", model: "mock:reasoning=2,ticks=3" });
  await chat.sendMessage({ text: "Hello" });
  assert.equal(chat.error, undefined);
  assert.equal(chat.status, "ready");
  assert.equal(text(chat.lastMessage), ticks(3));
  assert.ok(chat.lastMessage.parts.some((part) => part.type === "reasoning" && part.text));
  assert.ok(chat.lastMessage.parts.every((part) => (part.state ?? "done") === "done"));
  assert.ok(chat.lastMessage.metadata.usage.output_tokens > 0);
  const { id, messages, activeStreamId } = await load("sent");
  assert.deepEqual([id, activeStreamId], ["sent", null]);
  assert.equal(messages[1].id, chat.lastMessage.id);
  assert.equal(text(messages[1]), ticks(3));
  // There is nothing to resume.
  await chat.resumeStream();
  assert.equal(chat.status, "ready");
  console.log("sent");
}

// A page is loaded again in mid-stream.
{
  const before = new Chat({ id: "resumed", model: "mock:ticks=60,rate=30" });
  const begun = before.shows(20);
  const sending = before.sendMessage({ text: "Go" });
  await begun;
  // `stop()` closes the connection only.
  await before.stop();
  await sending;
  const { messages, activeStreamId } = await load("resumed");
  assert.ok(activeStreamId);
  const after = new Chat({ id: "resumed", messages });
  await after.resumeStream();
  assert.equal(after.error, undefined);
  assert.equal(after.messages.length, 2);
  assert.equal(text(after.lastMessage), ticks(60));
  // One that still shows what it had gets it once, too.
  assert.equal(before.lastMessage.id, after.lastMessage.id);
  console.log("resumed");
}

// Stop.
{
  const chat = new Chat({ id: "stopped", model: "mock:ticks=5000,rate=50" });
  const begun = chat.shows(20);
  const sending = chat.sendMessage({ text: "Go" });
  await begun;
  const stopped = await fetch(`${api}/stopped/stop`, { method: "POST", headers });
  assert.equal((await stopped.json()).status, "cancelled");
  await sending;
  assert.equal(chat.status, "ready");
  const shown = text(chat.lastMessage);
  assert.ok(ticks(5000).startsWith(shown) && shown.length >= 20);
  assert.equal(text((await load("stopped")).messages[1]), shown);
  // The next message goes on behind it.
  await chat.sendMessage({ text: "And?" }, { body: { model: "mock:echo" } });
  assert.equal(text(chat.lastMessage), "And?");
  console.log("stopped");
}

// Regenerate, and edit.
{
  const chat = new Chat({ id: "again", model: "mock:ticks=2" });
  await chat.sendMessage({ text: "Hello" });
  const first = chat.lastMessage.id;
  await chat.regenerate({ body: { model: "mock:ticks=4" } });
  assert.equal(chat.error, undefined);
  assert.equal(chat.messages.length, 2);
  assert.notEqual(chat.lastMessage.id, first);
  assert.equal(text(chat.lastMessage), ticks(4));
  const messageId = chat.messages[0].id;
  await chat.sendMessage({ text: "Changed", messageId }, { body: { model: "mock:echo" } });
  assert.equal(text(chat.lastMessage), "Changed");
  const { messages, conversationId } = await load("again");
  assert.deepEqual(messages.map(text), ["Changed", "Changed"]);
  // It is there for every other client.
  const reply = await fetch(`${url}/api/conversations/${conversationId}/messages?all=true`, {
    headers,
  });
  assert.equal((await reply.json()).data.length, 5);
  console.log("again");
}

// Errors.
{
  const chat = new Chat({ id: "refused", model: "two words" });
  await chat.sendMessage({ text: "Hello" });
  assert.equal(chat.status, "error");
  assert.equal(JSON.parse(chat.error.message).error.param, "model");
  const failing = new Chat({ id: "failed", model: "mock:ticks=5,fault=error@2" });
  await failing.sendMessage({ text: "Hello" });
  assert.equal(failing.status, "error");
  assert.equal(text(failing.lastMessage), ticks(2));
  console.log("errors");
}
