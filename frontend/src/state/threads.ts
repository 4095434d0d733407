/** The conversations that were looked at last, so that going back to one is instant. */
import { json, persist } from "../api/http";
import type { Conversation } from "../api/types";
import { conversations } from "./conversations.svelte";
import { router } from "./router.svelte";
import { Thread } from "./thread.svelte";

const MOST = 8;
const threads = new Map<string, Thread>();

/** The thread of a conversation; the same one as before, if that was not long ago. */
export function thread(id: string): Thread {
  const found = threads.get(id) ?? new Thread(id);
  threads.delete(id);
  threads.set(id, found);
  for (const oldest of threads.keys()) {
    if (threads.size <= MOST) break;
    threads.delete(oldest);
  }
  return found;
}

/** Opens a conversation with its first message, and shows it. */
export async function begin(
  content: string,
  { key, model, instructions }: { key: string; model?: string; instructions?: string },
): Promise<void> {
  const body = { ...(model ? { model } : {}), ...(instructions ? { instructions } : {}) };
  const conversation = await persist(() =>
    json<Conversation>("/api/conversations", {
      method: "POST",
      headers: { "idempotency-key": key },
      body,
    }),
  );
  const opened = thread(conversation.id);
  opened.conversation = conversation;
  opened.state = "ready";
  conversations.put(conversation);
  void opened.send(content);
  router.go(`/c/${conversation.id}`, { by: "sending" });
}
