// Links from an administrator: one makes an account on a server that strangers cannot join, the other a new password.
import assert from "node:assert/strict";
import { api, PASSWORD, person, signUp } from "../browser.mjs";

const NEXT = "battery staple correct horse";

export default async function ({ browser, url, ask }) {
  const expected = [/status of 40[13]/];
  const root = await person(browser, url);
  const email = await signUp(root.page, "Root", await ask("setup"));
  const administrator = await api(url, email);
  const headers = { "content-type": "application/json" };
  const post = async (path, body) => (await administrator(path, { method: "POST", headers, body: JSON.stringify(body) })).json();

  const invitation = await post("/api/admin/invitations", { email: "grace@example.org" });
  const { page, problems } = await person(browser, url, { expected });
  await page.goto(new URL(invitation.link).pathname + new URL(invitation.link).hash);
  await page.getByText("You are invited.").waitFor();
  assert.equal(await page.getByLabel("Set-up code").count(), 0);
  const fill = async (address) => {
    await page.getByLabel("E-mail address").fill(address);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
  };
  await fill("eve@example.org");
  await page.getByRole("alert").filter({ hasText: "meant for another e-mail address" }).waitFor();
  await fill("grace@example.org");
  await page.getByRole("textbox", { name: "Message" }).waitFor();

  const me = await (await api(url, "grace@example.org"))("/api/me").then((reply) => reply.json());
  const reset = await post(`/api/admin/users/${me.id}/reset-link`, {});
  // Somebody else's browser, where nobody is logged in.
  const other = await person(browser, url, { expected });
  const link = new URL(reset.link);
  await other.page.goto(link.pathname + link.hash);
  await other.page.getByRole("heading", { level: 1, name: "Choose a new password" }).waitFor();
  await other.page.getByLabel("New password", { exact: true }).fill(NEXT);
  await other.page.getByRole("button", { name: "Set the password" }).click();
  await other.page.getByText("Your new password is set.").waitFor();
  await other.page.getByRole("link", { name: "Log in" }).click();
  await other.page.getByLabel("E-mail address").fill("grace@example.org");
  await other.page.getByLabel("Password", { exact: true }).fill(NEXT);
  await other.page.getByRole("button", { name: "Log in" }).click();
  await other.page.getByRole("textbox", { name: "Message" }).waitFor();

  // It works once.
  const late = await person(browser, url, { expected });
  await late.page.goto(link.pathname + link.hash);
  await late.page.getByLabel("New password", { exact: true }).fill(NEXT);
  await late.page.getByRole("button", { name: "Set the password" }).click();
  await late.page.getByRole("alert").filter({ hasText: "This link is used" }).waitFor();
  assert.deepEqual([...problems, ...other.problems, ...late.problems, ...root.problems], []);
}
