import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Device } from "../testing/device";

let device: Device;

beforeEach(() => {
  vi.resetModules();
  device = new Device();
  vi.stubGlobal("localStorage", device.storage);
});
afterEach(() => vi.unstubAllGlobals());

const names = () => device.names("chatapp.draft.user_1.");

/** Opens a form for a person. */
async function open(known = "saved") {
  vi.resetModules();
  const { session } = await import("./session.svelte");
  session.changed({ id: "user_1" } as never);
  const { Field } = await import("./field.svelte");
  return new Field("instructions.conv_1", known);
}

describe("w4: what is typed into a form", () => {
  it("is there when the form was left in whatever way, and said to be from before", async () => {
    const field = await open();
    expect([field.text, field.found]).toEqual(["saved", false]);
    field.text = "saved, and mo";
    // Nothing is called when a page is closed or crashes.
    const later = await open();
    expect([later.text, later.found]).toEqual(["saved, and mo", true]);
    later.text = "";
    expect((await open()).text).toBe("");
  });

  it("is kept until it is saved, and then no longer", async () => {
    const field = await open();
    field.text = "better";
    expect(names()).toEqual(["instructions.conv_1"]);
    field.saved();
    expect(names()).toEqual([]);
    // What is typed back to what is saved is nothing that was written.
    field.text = "best";
    field.text = "better";
    expect(names()).toEqual([]);
    expect((await open("better")).found).toBe(false);
  });

  it("is dropped on purpose only", async () => {
    const field = await open();
    field.text = "something else";
    field.drop();
    expect([field.text, names()]).toEqual(["saved", []]);
    expect((await open()).text).toBe("saved");
  });

  it("takes in what was put there meanwhile", async () => {
    const field = await open("");
    (await import("./drafts")).writeDraft("user_1", "instructions.conv_1", "rhyme");
    field.look();
    expect(field.text).toBe("rhyme");
  });
});
