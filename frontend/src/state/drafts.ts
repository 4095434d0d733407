/**
 * Texts that were written and neither sent nor saved, kept under a name: a conversation's id or `new`
 * for the message box, `back.…` for what goes back into it, `left.…` for what tabs that are gone had in
 * it beside that, `edit.…`, `rename.…`, `instructions.…` and `profile.…` for forms.
 */
import { tolerant } from "../api/storage";
import { drop, keep, kept, keptNames } from "./kept";

const PREFIX = "chatapp.draft.";
/** How many are kept; the oldest go first. */
const MOST = 200;

interface Draft {
  text: string;
  at: number;
}

const key = (user: string, name: string) => `${PREFIX}${user}.${name || "new"}`;
const back = (conversation: string) => `back.${conversation || "new"}`;
const left = (conversation: string) => `left.${conversation || "new"}`;

/** The text of this name; nothing if there is none. */
export function readDraft(user: string, name: string): string | undefined {
  const draft = parsed(key(user, name));
  return draft && String(draft.text ?? "");
}

export function writeDraft(user: string, name: string, text: string): void {
  keep(key(user, name), JSON.stringify({ text, at: Date.now() }));
  const all = keptNames(PREFIX);
  if (all.length <= MOST) return;
  const ages = new Map(all.map((one) => [one, parsed(one)?.at ?? 0]));
  all.sort((a, b) => ages.get(a)! - ages.get(b)!);
  for (const oldest of all.slice(0, all.length - MOST)) drop(oldest);
}

/** It was sent or saved, or its writer did not want it. */
export function dropDraft(user: string, name: string): void {
  drop(key(user, name));
}

/** Gives a text to the message box of a conversation, wherever that is shown next. */
export function giveBack(user: string, conversation: string, text: string): void {
  add(user, back(conversation), text);
}

/** Takes what was given to the message box of a conversation. */
export function takeGiven(user: string, conversation: string): string {
  return take(user, back(conversation));
}

/** Leaves the text of a message box that goes, for the next one of its conversation. */
export function leaveDraft(user: string, conversation: string, text: string): void {
  add(user, left(conversation), text);
}

/** Takes what was left of the message boxes of a conversation. */
export function takeLeft(user: string, conversation: string): string {
  return take(user, left(conversation));
}

function add(user: string, name: string, text: string): void {
  writeDraft(user, name, joined(readDraft(user, name) ?? "", text));
}

function take(user: string, name: string): string {
  const text = readDraft(user, name);
  if (text !== undefined) dropDraft(user, name);
  return text ?? "";
}

/** Whether this key of the storage is what was given to the message box of a conversation. */
export function isGiven(user: string, conversation: string, name: string | null): boolean {
  return name === key(user, back(conversation));
}

/** What a browser tells of a change in another tab. */
export type StorageChange = Pick<StorageEvent, "key" | "oldValue" | "newValue">;

/** Whether this change took away just this text of the message box of a conversation. */
export function isTaken(user: string, conversation: string, text: string, { key: name, oldValue, newValue }: StorageChange): boolean {
  return name === key(user, conversation) && newValue === null && read(oldValue)?.text === text;
}

/** Two texts of one message box. */
export function joined(first: string, second: string): string {
  return [first, second].filter((text) => text.trim() !== "").join("\n\n");
}

/** Removes every draft of a person, who leaves. */
export function dropDrafts(user: string): void {
  for (const name of keptNames(`${PREFIX}${user}.`)) drop(name);
}

function parsed(name: string): Draft | undefined {
  return read(kept(name));
}

function read(draft: string | null | undefined): Draft | undefined {
  return tolerant(() => JSON.parse(draft ?? "") as Draft | null) ?? undefined;
}
