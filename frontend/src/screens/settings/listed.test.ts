import { expect, it, vi } from "vitest";
import { Listed } from "./listed.svelte";

let reply: () => Response;

vi.stubGlobal("fetch", async (path: string) =>
  path === "/api/auth/refresh" ? new Response(JSON.stringify({ access_token: "token", expires_in: 900, user: {} })) : reply(),
);

const list = (...data: string[]) => () => new Response(JSON.stringify({ data }));
const refused = () => new Response(JSON.stringify({ error: { message: "Not now.", code: "unheard_of" } }), { status: 403 });

it("says why it is not there, and is there after another try", async () => {
  reply = refused;
  const listed = new Listed<string>("/api/keys");
  expect([listed.items, listed.problem]).toEqual([undefined, ""]);
  await vi.waitFor(() => expect(listed.problem).toBe("Not now."));
  expect(listed.items).toBeUndefined();
  reply = list();
  await listed.load();
  expect([listed.items, listed.problem]).toEqual([[], ""]);
});

it("keeps what it has when a later try fails", async () => {
  reply = list("a", "b");
  const listed = new Listed<string>("/api/keys");
  await vi.waitFor(() => expect(listed.items).toEqual(["a", "b"]));
  reply = refused;
  await listed.load();
  expect([listed.items, listed.problem]).toEqual([["a", "b"], "Not now."]);
  reply = list("b");
  await listed.load();
  expect([listed.items, listed.problem]).toEqual([["b"], ""]);
});
