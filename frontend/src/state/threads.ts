/** The conversations that were looked at last, so that going back to one is instant. */
import type { Turn } from "../api/types";
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

/** Has the conversation ready that begins with this turn; returns its id. */
export function begun(turn: Turn): string {
  const { conversation_id: id } = turn.message;
  thread(id).take(turn);
  return id;
}
