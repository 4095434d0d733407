import { serverNow } from "./clock";

/** The server has refused a request. */
export class Refused extends Error {
  override name = "Refused";

  constructor(
    message: string,
    readonly status: number,
    /** The stable code, on which programs decide; empty if the answer was not the server's. */
    readonly code: string,
    readonly param: string | null,
    readonly requestId: string,
    /** With `conversation_locked`: the answer that runs. */
    readonly responseId: string | null,
    /** How long the server asks to wait, in milliseconds. */
    readonly retryAfter: number,
  ) {
    super(message);
  }

  /** Whether the same request may succeed later. */
  get temporary(): boolean {
    return [408, 429, 502, 503, 504].includes(this.status);
  }
}

/** The network has failed, or the server is not there. */
export class Lost extends Error {
  override name = "Lost";
}

/** Reads the one error shape; anything else comes from something in between. */
export async function refusal(reply: Response): Promise<Refused> {
  const body = await reply.json().catch(() => undefined);
  const error = body?.error ?? {};
  return new Refused(
    typeof error.message === "string" ? error.message : `HTTP ${reply.status}`,
    reply.status,
    typeof error.code === "string" ? error.code : "",
    typeof error.param === "string" ? error.param : null,
    typeof body?.request_id === "string" ? body.request_id : "",
    typeof error.response_id === "string" ? error.response_id : null,
    Number(reply.headers.get("retry-after-ms") ?? 0) || pause(reply.headers.get("retry-after") ?? ""),
  );
}

/** How long to wait, in milliseconds: a server says seconds, and what stands in front of it may say a date. */
function pause(after: string): number {
  const said = after.trim() === "" ? 0 : Number(after) * 1000;
  const wait = Number.isNaN(said) ? new Date(after).getTime() - serverNow() : said;
  return Math.max(0, wait) || 0;
}

/** Whether this is a page for people, such as the login of a network: the server answers a program with none. */
export function isPage(reply: Response): boolean {
  return (reply.headers.get("content-type") ?? "").startsWith("text/html");
}

/** What something between us and the server may rightly find wrong with a request, and what may pass. */
const ABOUT_THE_REQUEST = [400, 403, 408, 413, 414, 429, 431];

/**
 * Whether the server is not there: it says so itself on its way down or up, or something in between
 * answers in its place, with an error that is not in the server's shape.
 */
export function isAway({ status, code }: Refused): boolean {
  if (code === "") return !ABOUT_THE_REQUEST.includes(status);
  return [502, 503, 504].includes(status) && code !== "overloaded";
}
