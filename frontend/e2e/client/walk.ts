// Walks through the whole API with a client generated from the description that the server serves.
//
// `cargo test -p chatapp --test recipes` makes `api.d.ts` beside a copy of this folder, has it
// checked by the compiler and runs it: `node walk.js URL SETUP_CODE METRICS_TOKEN`. Every operation is called at least once
// and printed as `called GET /api/…`; the test compares that with the description.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.d.ts";
import { watch, type Description } from "./description.js";

type Schemas = components["schemas"];

const [, , url = "", setupCode = "", metricsToken = ""] = process.argv;
const password = "correct horse battery staple";

/** A client, with credentials or without. */
function as(token?: string) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const client = createClient<paths, "application/json">({ baseUrl: url, headers });
  client.use(watch(description));
  return client;
}

type Answer<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

/** The body of an answer that must be good. */
async function body<T>(answer: Answer<T>): Promise<NonNullable<T>> {
  const { data, error, response } = await answer;
  if (data === undefined || data === null) {
    throw new Error(`${response.url}: ${response.status} ${JSON.stringify(error)}`);
  }
  return data;
}

/** The status of an answer that must have one of these. */
async function status(answer: Answer<unknown>, ...wanted: number[]): Promise<Response> {
  const { error, response } = await answer;
  check(wanted.includes(response.status), `${response.url}: ${response.status}`, error);
  return response;
}

function check(holds: boolean, ...what: unknown[]): asserts holds {
  if (!holds) throw new Error(what.map((part) => String(JSON.stringify(part))).join(" "));
}

/** The names of a stream's events, and the text they carry. */
async function events(stream: ReadableStream<Uint8Array> | null) {
  const names: string[] = [];
  let text = "";
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream ?? []) {
    const frames = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      const data = frame.split("\n").find((line) => line.startsWith("data: "))?.slice(6);
      if (data === undefined || data === "[DONE]") continue;
      const event: { type: string; delta?: string } = JSON.parse(data);
      names.push(event.type);
      if (event.type === "response.output_text.delta") text += event.delta ?? "";
    }
  }
  return { names, text };
}

/** A turn that was not asked for as a stream, which the same route could have answered with. */
function whole(answer: Schemas["TurnOut"] | object): Schemas["TurnOut"] {
  check("response" in answer, answer);
  return answer;
}

const lines = (text: string) => text.trimEnd().split("\n").map((line) => JSON.parse(line));

const description: Description = await fetch(`${url}/openapi.json`).then((reply) => reply.json());
const anyone = as();

// Operation.
check((await body(anyone.GET("/health/live"))).status === "ok");
check((await body(anyone.GET("/health/ready"))).status === "ok");
const ticks = await body(anyone.GET("/health/stream", { parseAs: "text" }));
check(ticks.split("\n\n").length > 5, ticks);
check((await body(anyone.GET("/api/version"))).name === "chatapp");
await body(anyone.GET("/openapi.json"));
check((await body(anyone.GET("/docs", { parseAs: "text" }))).includes("/api/me"));
await body(anyone.GET("/docs/style.css", { parseAs: "text" }));
check((await body(as(metricsToken).GET("/metrics", { parseAs: "text" }))).includes("# TYPE"));

// Accounts.
const account = { email: "ada@example.org", password };
const signup = await body(anyone.GET("/api/auth/signup"));
check(signup.open && signup.administrator === "setup_token", signup);
const setup = { setup_token: setupCode };
const tokens = await body(anyone.POST("/api/auth/signup", { body: { ...account, name: "Ada", ...setup } }));
check(tokens.user.role === "admin", tokens.user);
const me = as(tokens.access_token);
check((await body(me.GET("/api/me"))).email === account.email);
const refused = await anyone.GET("/api/me");
check(refused.error?.error.code === "missing_token", refused.error);
const phone = await body(anyone.POST("/api/auth/login", { body: account }));
const renewed = await body(
  anyone.POST("/api/auth/refresh", { body: { refresh_token: phone.refresh_token ?? "" } }),
);
await status(as(renewed.access_token).POST("/api/auth/logout"), 204);
await body(anyone.POST("/api/auth/login", { body: account }));
const [session] = (await body(me.GET("/api/sessions"))).data;
check(session !== undefined);
const bySession = { params: { path: { id: session.id } } };
await status(me.DELETE("/api/sessions/{id}", bySession), 204);

// What administrators give away.
const invited = await body(me.POST("/api/admin/invitations", { body: { email: "guest@example.org" } }));
check((await body(me.GET("/api/admin/invitations"))).data[0]?.id === invited.id);
const guest = { email: "guest@example.org", password, invitation: invited.token };
const guests = await body(anyone.POST("/api/auth/signup", { body: guest }));
const byGuest = { params: { path: { id: guests.user.id } } };
const replaced = await body(me.POST("/api/admin/users/{id}/reset-link", { ...byGuest, body: {} }));
const link = await body(me.POST("/api/admin/reset-links", { body: { email: guest.email } }));
check(replaced.token !== link.token);
const reset = { token: link.token, new_password: "another horse battery staple" };
await status(anyone.POST("/api/auth/reset", { body: reset }), 204);
const back = { email: guest.email, password: reset.new_password };
const returned = as((await body(anyone.POST("/api/auth/login", { body: back }))).access_token);
await status(returned.DELETE("/api/me", { body: { current_password: back.password } }), 204);
const unused = await body(me.POST("/api/admin/invitations", { body: {} }));
const byUnused = { params: { path: { id: unused.id } } };
await status(me.DELETE("/api/admin/invitations/{id}", byUnused), 204);

// Keys.
const key = await body(
  me.POST("/api/keys", {
    body: { name: "a script", scopes: ["read", "account"], current_password: password },
  }),
);
const byKey = { params: { path: { id: key.id } } };
check((await body(as(key.key).GET("/api/models"))).data.length > 0);
await body(me.PATCH("/api/keys/{id}", { ...byKey, body: { name: "another" } }));
check((await body(me.GET("/api/keys"))).data[0]?.name === "another");
const backup = await body(as(key.key).GET("/api/me/export", { parseAs: "arrayBuffer" }));
check(new TextDecoder().decode(new Uint8Array(backup, 0, 2)) === "PK");
await status(me.DELETE("/api/keys/{id}", byKey), 204);

// Conversations.
const opened = await body(
  me.POST("/api/conversations", {
    params: { header: { "idempotency-key": "a-walk" } },
    body: { title: "A walk", metadata: { color: "blue" } },
  }),
);
const here = { params: { path: { id: opened.id } } };
const page = await body(me.GET("/api/conversations", { params: { query: { limit: 1 } } }));
check(page.data[0]?.id === opened.id && !page.has_more);
const known = { "if-none-match": `"${opened.version}"` };
const same = { params: { ...here.params, header: known } };
await status(me.GET("/api/conversations/{id}", same), 304);
const changed = await body(
  me.PATCH("/api/conversations/{id}", { ...here, body: { title: null, pinned: true } }),
);
check(changed.pinned && changed.version > opened.version);
check((await body(me.GET("/api/conversations/{id}", here))).version === changed.version);

// Messages: waited for, streamed, and only begun.
const turn = whole(
  await body(
    me.POST("/api/conversations/{id}/messages", { ...here, body: { content: "Where to?" } }),
  ),
);
check(turn.message.content.length > 0 && turn.response.status === "completed");
const first = whole(
  await body(
    me.POST("/api/messages", {
      params: { header: { "idempotency-key": "a-first-message" } },
      body: { content: "Where from?", conversation: { metadata: { color: "red" } } },
    }),
  ),
);
check(first.user_message.conversation_id !== opened.id && first.user_message.seq === 0);
const streamed = await body(
  me.POST("/api/conversations/{id}/messages", {
    ...here,
    parseAs: "stream",
    body: { content: "And then?", stream: true },
  }),
);
const live = await events(streamed);
check(live.names[0] === "response.created" && live.names.at(-1) === "response.completed");
const slow = { ...here.params, header: { prefer: "respond-async" } };
const begun = whole(
  await body(
    me.POST("/api/conversations/{id}/messages", {
      params: slow,
      body: { content: "Slowly, please.", model: "demo:slow" },
    }),
  ),
);
const running = { params: { path: { id: begun.response.id } } };
const stopped = await body(me.POST("/api/responses/{id}/cancel", running));
check(stopped.status === "cancelled", stopped);
const cut = whole(
  await body(
    me.POST("/api/messages", { body: { content: "Count.", model: "demo:ticks=3,finish=length" } }),
  ),
);
const longer = whole(
  await body(
    me.POST("/api/responses/{id}/continue", {
      params: { path: { id: cut.response.id } },
      body: { model: "demo:ticks=2" },
    }),
  ),
);
check(longer.response.previous_response_id === cut.response.id, longer);
check(longer.message.content.startsWith(cut.message.content), longer);
const branch = await body(
  me.GET("/api/conversations/{id}/messages", {
    params: { ...here.params, query: { limit: 4 } },
  }),
);
const stored: Schemas["MessageOut"] | undefined = branch.data[1];
check(stored?.content === live.text && !stored.is_user, stored);
const answer = { params: { path: { id: turn.message.id } } };
check((await body(me.GET("/api/messages/{id}", answer))).id === turn.message.id);
const again = whole(
  await body(me.POST("/api/messages/{id}/regenerate", { ...answer, body: {} })),
);
check(again.message.parent_id === turn.message.parent_id);
const gone = await body(
  me.DELETE("/api/messages/{id}", { params: { path: { id: again.message.id } } }),
);
check(gone.deleted);

const hits = await body(me.GET("/api/search", { params: { query: { q: "where" } } }));
check(hits.data.length > 0, hits);

// Responses.
const response = { params: { path: { id: turn.response.id } } };
const context = await body(me.GET("/api/responses/{id}/context", response));
check(context.messages.length === context.messages_sent, context);
check((await body(me.GET("/api/responses/{id}", response))).status === "completed");
const replay = await body(
  me.GET("/api/responses/{id}/events", {
    params: { ...response.params, query: { after: 0 } },
    parseAs: "stream",
  }),
);
const replayed = await events(replay);
check(replayed.text === turn.message.content && replayed.names[0] !== "response.created");

// For clients of the OpenAI API.
const model = (await body(me.GET("/v1/models"))).data[0]?.id ?? "";
check((await body(me.GET("/v1/models/{id}", { params: { path: { id: model } } }))).id === model);
const history = await body(
  me.POST("/v1/conversations", {
    body: { metadata: { topic: "sky" }, items: [{ role: "user", content: "Hello" }] },
  }),
);
check(history.object === "conversation" && history.title === "Hello", history);
const theirs = { params: { path: { id: history.id } } };
check((await body(me.GET("/v1/conversations/{id}", theirs))).metadata.topic === "sky");
const named = await body(me.POST("/v1/conversations/{id}", { ...theirs, body: { title: "Sky" } }));
check(named.title === "Sky", named);
const listed = await body(me.GET("/v1/conversations", { params: { query: { order: "desc" } } }));
check(listed.data[0]?.id === history.id, listed);
const said = [{ type: "message", role: "assistant", content: "Good morning" }];
const added = await body(me.POST("/v1/conversations/{id}/items", { ...theirs, body: { items: said } }));
const greeting = added.data[0];
check(greeting?.type === "message" && greeting.content[0]?.type === "output_text", added);
const inOrder = { params: { ...theirs.params, query: { order: "asc" } } };
const items = await body(me.GET("/v1/conversations/{id}/items", inOrder));
check(items.data.length === 2 && items.last_id === greeting.id, items);
const item = { params: { path: { id: history.id, item_id: greeting.id } } };
check((await body(me.GET("/v1/conversations/{id}/items/{item_id}", item))).id === greeting.id);
const shorter = await body(me.DELETE("/v1/conversations/{id}/items/{item_id}", item));
check(shorter.head_id === items.first_id, shorter);
check((await body(me.DELETE("/v1/conversations/{id}", theirs))).deleted);
// Chats, under a name of our own.
const chat = { params: { path: { id: "a chat" } } };
await status(me.GET("/api/chat/{id}/stream", chat), 204);
const hello = { id: "m", role: "user", parts: [{ type: "text", text: "Hello" }] };
const chunks = await body(
  me.POST("/api/chat", { body: { id: "a chat", messages: [hello] }, parseAs: "text" }),
);
check(String(chunks).endsWith("data: [DONE]\n\n"), chunks);
const shown = await body(me.GET("/api/chat/{id}", chat));
check(shown.messages.length === 2 && shown.activeStreamId === null, shown);
check(!(await body(me.POST("/api/chat/{id}/stop", chat))).stopped);
// The same for clients of the OpenAI API that keep their conversation themselves.
const toCount = [{ role: "user", content: "Count." }];
const completed = await body(
  me.POST("/v1/chat/completions", { body: { model: "demo:ticks=2", messages: toCount } }),
);
check(completed.choices[0]?.finish_reason === "stop", completed);

// Responses for clients of the OpenAI API.
const asked = { model: "demo:ticks=2", input: "Count." };
const answered = await body(me.POST("/v1/responses", { body: asked }));
check("output" in answered && answered.status === "completed", answered);
const byAnswered = { params: { path: { id: answered.id } } };
const reread = await body(me.GET("/v1/responses/{id}", byAnswered));
check("output" in reread && reread.id === answered.id, reread);
check((await body(me.POST("/v1/responses/{id}/cancel", byAnswered))).status === "completed");
check((await body(me.GET("/v1/responses/{id}/input_items", byAnswered))).data.length === 1);
const counted = await body(me.POST("/v1/responses/input_tokens", { body: asked }));
check(counted.input_tokens > 0, counted);
check((await body(me.DELETE("/v1/responses/{id}", byAnswered))).deleted);

// Out, away and in again.
const one = await body(
  me.GET("/api/conversations/{id}/export", { ...here, parseAs: "text" }),
);
check(lines(one).length > 0);
const all = await body(me.GET("/api/export", { parseAs: "text" }));
await body(me.POST("/api/conversations/archive", { body: { ids: [opened.id] } }));
check((await body(me.DELETE("/api/conversations/{id}", here))).deleted);
await body(me.POST("/api/conversations/{id}/restore", here));
const swept = await body(
  me.POST("/api/conversations/delete", { body: { all: true, permanent: true } }),
);
check(swept.deleted === 4, swept);
const report = await body(
  me.POST("/api/import", {
    body: all,
    bodySerializer: (text) => text,
    headers: { "content-type": "application/x-ndjson" },
    parseAs: "text",
  }),
);
check(lines(report)[0]?.outcome === "imported", report);

// One's own account, to its end.
await status(me.GET("/api/me/export"), 403);
const archive = await body(
  me.POST("/api/me/export", { body: { current_password: password }, parseAs: "arrayBuffer" }),
);
check(new TextDecoder().decode(new Uint8Array(archive, 0, 2)) === "PK");
check((await body(me.PATCH("/api/me", { body: { name: "Countess" } }))).name === "Countess");
const words = { current_password: password, new_password: `${password}s` };
await status(me.POST("/api/me/password", { body: words }), 204);
await status(me.DELETE("/api/me", { body: { current_password: password } }), 403);
await status(me.DELETE("/api/me", { body: { current_password: words.new_password } }), 204);
await status(me.GET("/api/me"), 401);
