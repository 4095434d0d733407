// The official client of the OpenAI API, as its users call it: `node openai_sdk.mjs ADDRESS KEY
// SCENARIO`.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const [address, apiKey, scenario] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${address}/v1`, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: "Go" }];

const scenarios = {
  async create() {
    const made = await client.chat.completions.create({ model: "mock:ticks=3", messages });
    assert.equal(made.choices[0].message.content, "tick 0 \ntick 1 \ntick 2 \n");
    assert.equal(made.choices[0].finish_reason, "stop");
    assert.equal(made.usage.total_tokens, made.usage.prompt_tokens + made.usage.completion_tokens);
    assert.match(made._request_id, /^req_/);
  },

  async stream() {
    const stream = await client.chat.completions.create({
      model: "mock:reasoning=1,ticks=3",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let [text, usage] = ["", null];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage ??= chunk.usage;
    }
    assert.equal(text, "tick 0 \ntick 1 \ntick 2 \n");
    assert.ok(usage.total_tokens > 0);
    const helper = client.chat.completions.stream({ model: "mock:ticks=2", messages, n: 2 });
    const whole = await helper.finalChatCompletion();
    assert.deepEqual(
      whole.choices.map((choice) => choice.message.content),
      ["tick 0 \ntick 1 \n", "tick 0 \ntick 1 \n"],
    );
  },

  // The provider is scripted: it asks for the weather twice, then it answers.
  async tools() {
    for (const stream of [false, true]) {
      const asked = [];
      const tool = {
        type: "function",
        function: {
          name: "get_weather",
          parse: JSON.parse,
          parameters: { type: "object", properties: { city: { type: "string" } } },
          function: ({ city }) => {
            asked.push(city);
            return `warm in ${city}`;
          },
        },
      };
      const runner = client.chat.completions.runTools({
        model: "mock",
        messages,
        tools: [tool],
        stream,
      });
      assert.equal(await runner.finalContent(), "It is warm.");
      assert.deepEqual(asked, ["Faro", "Évora"]);
      const roles = runner.messages.map((message) => message.role);
      assert.deepEqual(roles, ["user", "assistant", "tool", "tool", "assistant"]);
    }
  },

  // The provider is scripted: it says an object.
  async parse() {
    const Weather = z.object({ city: z.string(), degrees: z.number() });
    const made = await client.chat.completions.parse({
      model: "mock",
      messages,
      response_format: zodResponseFormat(Weather, "weather"),
    });
    assert.deepEqual(made.choices[0].message.parsed, { city: "Faro", degrees: 21 });
  },

  async errors() {
    const create = (body) => client.chat.completions.create({ messages, ...body });
    await assert.rejects(create({ model: "mock", temperature: 9 }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError, String(error));
      assert.equal(error.param, "temperature");
      assert.equal(error.code, "invalid_value");
      return true;
    });
    const stranger = new OpenAI({ baseURL: `${address}/v1`, apiKey: "sk-wrong", maxRetries: 0 });
    const refused = stranger.chat.completions.create({ model: "mock", messages });
    await assert.rejects(refused, OpenAI.AuthenticationError);
    for (const stream of [false, true]) {
      await assert.rejects(create({ model: "mock:status=500,times=9", stream }), (error) => {
        assert.ok(error instanceof OpenAI.InternalServerError, String(error));
        assert.equal(error.type, "upstream_error");
        return true;
      });
    }
    const stream = await create({ model: "mock:ticks=9,fault=truncate@3", stream: true });
    await assert.rejects(
      async () => {
        for await (const chunk of stream) assert.ok(chunk.choices);
      },
      (error) => {
        assert.ok(error instanceof OpenAI.APIError, String(error));
        assert.equal(error.code, "upstream_truncated");
        return true;
      },
    );
  },
};

await scenarios[scenario]();
