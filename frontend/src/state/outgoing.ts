/**
 * Messages that were sent and that the server is not known to have: kept on this device, one entry
 * each, so that no tab overwrites what another one has written.
 */
import { Refused } from "../api/errors";
import { newKey } from "../api/key";
import { giveBack, joined, readDraft, writeDraft } from "./drafts";
import { drop, keep, kept, keptNames } from "./kept";

const PREFIX = "chatapp.outbox.";
/** How many are kept; a person who wants to send more waits. */
export const MOST = 50;

/** A message on its way. */
export interface Outgoing {
  /** The idempotency key: with it the server takes the message once, however often it is sent. */
  key: string;
  /** The conversation, or the place of one that the first message makes; see `beginning`. */
  conversation: string;
  /** What the person says. */
  content: string;
  /** The rest of the request's body. */
  rest: Record<string, unknown>;
  /** The message that it takes the place of, with everything below it. */
  instead?: string;
  /** Its place among the others. */
  at: number;
  /** When it was first tried, so that the server may have it; 0 if it has not been. */
  tried: number;
  /** Why it was not sent: the person decides what becomes of it, in whichever tab. */
  failed: Error | undefined;
}

/** It was tried so long ago that the server no longer knows whether it has it. */
export class Unsure extends Error {
  override name = "Unsure";
}

/** A place for a conversation that its first message is going to make. */
export function beginning(): string {
  return `new.${newKey()}`;
}

export function isBeginning(conversation: string): boolean {
  return conversation.startsWith("new.");
}

/** Whether this key of the storage is a message of this person. */
export function isOf(user: string, name: string | null): boolean {
  // Without a name everything was cleared.
  return name === null || name.startsWith(`${PREFIX}${user}.`);
}

/** The messages of a person, in the order in which they were sent. */
export function stored(user: string): Outgoing[] {
  const found: Outgoing[] = [];
  for (const name of keptNames(`${PREFIX}${user}.`)) {
    try {
      const one = JSON.parse(kept(name) ?? "") as Omit<Outgoing, "failed"> & { failed?: Partial<Refused> };
      if (typeof one.key === "string" && typeof one.content === "string") found.push({ ...one, failed: revived(one.failed) });
    } catch {
      // Not ours, or half of it: there is nothing to send.
    }
  }
  return found.sort(inOrder);
}

function inOrder(a: Outgoing, b: Outgoing): number {
  return a.at - b.at || (a.key < b.key ? -1 : 1);
}

/** Keeps a message. */
export function store(user: string, one: Outgoing): void {
  const { key, conversation, content, rest, instead, at, tried } = one;
  // An error's message is none of the fields that are copied.
  const failed = one.failed && { ...one.failed, message: one.failed.message };
  keep(`${PREFIX}${user}.${key}`, JSON.stringify({ key, conversation, content, rest, instead, at, tried, failed }));
}

export function unstore(user: string, key: string): void {
  drop(`${PREFIX}${user}.${key}`);
}

/** Removes every message of a person, who leaves. */
export function dropOutgoing(user: string): void {
  for (const name of keptNames(`${PREFIX}${user}.`)) drop(name);
}

/**
 * Gives the texts of messages, which belong to one conversation, back to where they were written: the
 * message box, or the edit of a message, with the instructions of a conversation that was to begin.
 */
export function giveAllBack(user: string, items: Outgoing[]): void {
  for (const { content, instead } of items) if (instead) writeDraft(user, `edit.${instead}`, content);
  const [first] = items;
  const text = items.filter((one) => !one.instead).map((one) => one.content).reduce(joined, "");
  if (!first || text === "") return;
  giveBack(user, isBeginning(first.conversation) ? "" : first.conversation, text);
  const { instructions } = (first.rest.conversation ?? {}) as { instructions?: string };
  // Those that were written meanwhile stay.
  if (instructions && !readDraft(user, "begin.instructions")) writeDraft(user, "begin.instructions", instructions);
}

/** An error that was kept. */
function revived(kept: Partial<Refused> | undefined): Error | undefined {
  if (!kept) return undefined;
  if (kept.name === "Unsure") return new Unsure();
  const { message = "", status = 0, code = "", param = null, requestId = "", responseId = null, retryAfter = 0 } = kept;
  return kept.name === "Refused" ? new Refused(message, status, code, param, requestId, responseId, retryAfter) : new Error(message);
}
