// An administrator invites somebody, takes an invitation back, and helps with a forgotten password.
// Whoever is no administrator sees nothing of it; and before there is one, the log-in comes first.
import assert from "node:assert/strict";
import { violations } from "../axe.mjs";
import { eventually, logIn, PASSWORD, person, PHONE, signUp } from "../browser.mjs";

const NEXT = "lantern gravel orchestra";

export default async function ({ browser, url, ask }) {
  // Nobody has an account: the set-up is shown first.
  const first = await person(browser, url);
  await first.page.goto("/");
  await first.page.waitForURL("**/signup");
  await first.page.getByRole("heading", { name: "Set up ChatApp" }).waitFor();

  // Somebody has one, and there is no administrator yet: the log-in is, and the set-up is one click away.
  const ada = await person(browser, url);
  const email = await signUp(ada.page);
  const again = await person(browser, url);
  await again.page.goto("/");
  await again.page.waitForURL("**/login");
  await again.page.getByRole("button", { name: "Log in" }).waitFor();
  await again.page.getByRole("link", { name: "Set it up now" }).click();
  await again.page.waitForURL("**/signup");
  await again.page.getByRole("heading", { name: "Set up ChatApp" }).waitFor();

  // Not for everybody.
  await ada.page.goto("/settings/administration");
  await ada.page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await ada.page.goto("/settings");
  assert.equal(await ada.page.getByRole("link", { name: "Administration" }).count(), 0);

  const { page, context, problems } = await person(browser, url, { bypassCSP: true, expected: [/status of 4(03|04|09)/] });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const root = await signUp(page, "Root", await ask("setup"));
  const loaded = [];
  page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  await page.goto("/settings");
  await page.getByRole("link", { name: "Administration" }).waitFor();
  assert.ok(!loaded.some((path) => /Administration/.test(path)), "it is loaded when it is opened");
  await page.getByRole("link", { name: "Administration" }).click();
  const invitations = page.getByRole("region", { name: "Invitations" });
  await invitations.getByText("There is no open invitation.").waitFor();
  assert.ok(loaded.some((path) => /Administration/.test(path)), loaded.join("\n"));

  // For an address: the link is shown once, copied, and the invitation is listed with its end.
  const field = invitations.getByLabel("For the e-mail address");
  await field.fill(email);
  await invitations.getByRole("button", { name: "Make an invitation" }).click();
  await invitations.getByRole("alert").filter({ hasText: "already" }).waitFor();
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  await field.fill("grace@example.org");
  // What was typed outlives the page.
  await page.reload();
  await eventually("it is kept", async () => (await field.inputValue()) === "grace@example.org");
  await invitations.getByLabel("Expires").selectOption("30");
  await invitations.getByRole("button", { name: "Make an invitation" }).click();
  const given = invitations.getByRole("alert");
  await given.getByText("It is shown only now").waitFor();
  await given.getByRole("button", { name: "Copy" }).click();
  const link = await given.locator("code").innerText();
  assert.ok(link.startsWith(`${url}/signup#invite=invite_`), link);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);
  const items = invitations.getByRole("listitem");
  await items.filter({ hasText: "grace@example.org" }).filter({ hasText: "1 account left · Expires" }).waitFor();

  // For anybody, several times.
  await invitations.getByLabel("Accounts that can be made with it").fill("5");
  await invitations.getByLabel("They administer the server, too").check();
  const invite = invitations.getByRole("button", { name: "Make an invitation" });
  assert.ok(await invite.isDisabled(), "it takes the password");
  await invitations.getByLabel("Current password").fill("not this one");
  await invite.click();
  await invitations.getByRole("alert").filter({ hasText: "The current password is wrong." }).waitFor();
  await invitations.getByLabel("Current password").fill(PASSWORD);
  await invitations.getByRole("button", { name: "Make an invitation" }).click();
  await items.filter({ hasText: "Anybody" }).filter({ hasText: "Administrator" }).filter({ hasText: "5 accounts left" }).waitFor();
  for (const { viewport } of [{ viewport: page.viewportSize() }, PHONE]) {
    const before = page.viewportSize();
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      assert.deepEqual(await violations(page), [], `${viewport.width} ${colorScheme}`);
    }
    await page.setViewportSize(before);
  }
  // Taken back, after a question; the other one stays.
  const taken = await given.locator("code").innerText();
  await invitations.getByRole("button", { name: "Take back: Anybody" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  assert.equal(await items.count(), 2);
  await invitations.getByRole("button", { name: "Take back: Anybody" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Take back" }).click();
  await eventually("one is left", async () => (await items.count()) === 1);
  assert.equal(await given.count(), 0, "a link that does not work is not shown any more");

  // The link makes an account; then it is used up. The one that was taken back makes none.
  const grace = await person(browser, url);
  await grace.page.goto(link);
  await grace.page.getByLabel("Name", { exact: true }).fill("Grace");
  await grace.page.getByLabel("E-mail address").fill("grace@example.org");
  await grace.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await grace.page.getByRole("button", { name: "Create account" }).click();
  await grace.page.getByRole("button", { name: "Account: Grace" }).waitFor();
  await page.reload();
  await invitations.getByText("There is no open invitation.").waitFor();
  const eve = await person(browser, url, { expected: [/status of 403/] });
  await eve.page.goto(taken);
  await eve.page.getByLabel("E-mail address").fill("eve@example.org");
  await eve.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await eve.page.getByRole("button", { name: "Create account" }).click();
  await eve.page.getByRole("alert").waitFor();

  // A forgotten password.
  const resets = page.getByRole("region", { name: "Forgotten passwords" });
  await resets.getByLabel("E-mail address of the account").fill("nobody@example.org");
  await resets.getByRole("button", { name: "Make a link" }).click();
  await resets.getByText("No account has this e-mail address.").waitFor();
  await resets.getByLabel("E-mail address of the account").fill("grace@example.org");
  await resets.getByRole("button", { name: "Make a link" }).click();
  await resets.getByText("This is the link for grace@example.org.").waitFor();
  const reset = await resets.getByRole("alert").locator("code").innerText();
  const later = await person(browser, url);
  await later.page.goto(reset);
  await later.page.getByLabel("New password").fill(NEXT);
  await later.page.locator('button[type="submit"]').click();
  await later.page.getByRole("status").filter({ hasText: /./ }).first().waitFor();
  await later.page.goto("/login");
  await later.page.getByLabel("E-mail address").fill("grace@example.org");
  await later.page.getByLabel("Password", { exact: true }).fill(NEXT);
  await later.page.getByRole("button", { name: "Log in" }).click();
  await later.page.getByRole("button", { name: "Account: Grace" }).waitFor();

  // Into an administrator's account, here one's own, it takes the password.
  await resets.getByLabel("E-mail address of the account").fill(root);
  await resets.getByRole("button", { name: "Make a link" }).click();
  await resets.getByText("This takes your password.").waitFor();
  await resets.getByLabel("Current password").fill(PASSWORD);
  await resets.getByRole("button", { name: "Make a link" }).click();
  await resets.getByText(`This is the link for ${root}.`).waitFor();

  // Ada's session is her own, and she logs in as ever.
  await logIn(again.page, email);
  for (const one of [first, ada, again, { problems }, eve, later]) assert.deepEqual(one.problems, []);
}
