/**
 * Texts that were written and neither sent nor saved, kept on this device under a name: a
 * conversation's id or `new` for the message box, `edit.…`, `rename.…`, `instructions.…` and
 * `profile.…` for forms.
 */

const PREFIX = "chatapp.draft.";
/** How many are kept; the oldest go first. */
const MOST = 200;

interface Draft {
  text: string;
  at: number;
}

const key = (user: string, name: string) => `${PREFIX}${user}.${name || "new"}`;

/** The text of this name; nothing if there is none. */
export function readDraft(user: string, name: string): string | undefined {
  try {
    const stored = localStorage.getItem(key(user, name));
    return stored ? String((JSON.parse(stored) as Draft).text ?? "") : undefined;
  } catch {
    return undefined;
  }
}

export function writeDraft(user: string, name: string, text: string): void {
  try {
    localStorage.setItem(key(user, name), JSON.stringify({ text, at: Date.now() }));
    prune();
  } catch {
    // A full storage costs the draft, not the chat.
  }
}

/** It was sent or saved, or somebody did not want it. */
export function dropDraft(user: string, name: string): void {
  try {
    localStorage.removeItem(key(user, name));
  } catch {
    // It was not written either.
  }
}

/** Puts a text in front of what is in the message box of a conversation, wherever that is shown. */
export function giveBack(user: string, conversation: string, text: string): void {
  writeDraft(user, conversation, joined(text, readDraft(user, conversation) ?? ""));
}

/** Two texts of one message box. */
export function joined(first: string, second: string): string {
  return second.trim() === "" ? first : `${first}\n\n${second}`;
}

/** Removes every draft of a person, who leaves. */
export function dropDrafts(user: string): void {
  for (const name of names()) if (name.startsWith(`${PREFIX}${user}.`)) localStorage.removeItem(name);
}

function prune(): void {
  const all = names();
  if (all.length <= MOST) return;
  const age = (name: string) => {
    try {
      return (JSON.parse(localStorage.getItem(name) ?? "{}") as Draft).at ?? 0;
    } catch {
      return 0;
    }
  };
  const oldest = all.sort((a, b) => age(a) - age(b)).slice(0, all.length - MOST);
  for (const name of oldest) localStorage.removeItem(name);
}

function names(): string[] {
  return Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
}
