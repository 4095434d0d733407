/** Texts that were written and not sent, one per conversation, kept on this device. */

const PREFIX = "chatapp.draft.";
/** How many are kept; the oldest go first. */
const MOST = 50;

interface Draft {
  text: string;
  at: number;
}

const key = (user: string, conversation: string) => `${PREFIX}${user}.${conversation || "new"}`;

export function readDraft(user: string, conversation: string): string {
  try {
    const stored = localStorage.getItem(key(user, conversation));
    return stored ? String((JSON.parse(stored) as Draft).text ?? "") : "";
  } catch {
    return "";
  }
}

export function writeDraft(user: string, conversation: string, text: string): void {
  try {
    if (text.trim() === "") localStorage.removeItem(key(user, conversation));
    else localStorage.setItem(key(user, conversation), JSON.stringify({ text, at: Date.now() }));
    prune();
  } catch {
    // A full storage costs the draft, not the chat.
  }
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
