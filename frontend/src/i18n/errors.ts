import { Lost, Refused } from "../api/errors";
import { i18n } from "./index.svelte";

/** What to tell a person about a failure: our words where we have them, else the server's. */
export function explainError(error: unknown): string {
  const words = i18n.t.error;
  if (error instanceof Refused) {
    const known = words[error.code as keyof typeof words];
    return known ?? error.message;
  }
  return error instanceof Lost ? words.network : words.unknown;
}
