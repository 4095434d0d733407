import { expect, it } from "vitest";
import { Lost, Refused } from "../api/errors";
import { Unsure } from "../state/outgoing";
import { explainError } from "./errors";
import { i18n } from "./index.svelte";

const refused = (status: number, code: string, param: string | null = null, wait = 0) => new Refused("The server's words.", status, code, param, "", null, wait);

it("says what a person can do about it", () => {
  const words = i18n.t.error;
  // A message can only be too long: whoever says so, in whatever way.
  expect(explainError(refused(422, "invalid_value", "content"))).toBe(words.request_too_large);
  expect(explainError(refused(413, "request_too_large"))).toBe(words.request_too_large);
  expect(explainError(refused(413, ""))).toBe(words.request_too_large);
  expect(explainError(refused(422, "invalid_value", "name"))).toBe("The server's words.");
  expect(explainError(refused(403, ""))).toBe(i18n.t.refusedBetween(403));
  expect(explainError(refused(429, "rate_limit_exceeded", null, 1_500))).toBe(i18n.t.waitSeconds(2));
  expect(explainError(new Lost("x"))).toBe(words.network);
  expect(explainError(new Unsure())).toBe(words.unsure);
  expect(explainError(new Error("x"))).toBe(words.unknown);
});
