import { Lost, Refused } from "../api/errors";
import { Unsure } from "../state/outgoing";
import { i18n } from "./index.svelte";

/** What to tell a person about a failure: our words where we have them, else the server's. */
export function explainError(error: unknown): string {
  if (error instanceof Refused && error.code === "rate_limit_exceeded" && error.retryAfter > 0) {
    return i18n.t.waitSeconds(Math.ceil(error.retryAfter / 1000));
  }
  if (error instanceof Refused && error.code === "" && !tooLong(error)) return i18n.t.refusedBetween(error.status);
  if (error instanceof Refused) return explainCode(tooLong(error) ? "request_too_large" : error.code, error.message);
  if (error instanceof Unsure) return i18n.t.error.unsure;
  return error instanceof Lost ? i18n.t.error.network : i18n.t.error.unknown;
}

/** Nothing else can be wrong with what a message says; what stands in front of a server has no code. */
function tooLong({ status, code, param }: Refused): boolean {
  return code === "" ? status === 413 : code === "invalid_value" && param === "content";
}

/** The same, of a failure that the server tells of by its code. */
export function explainCode(code: string, message: string): string {
  const words = i18n.t.error;
  return Object.hasOwn(words, code) ? words[code as keyof typeof words] : message;
}
