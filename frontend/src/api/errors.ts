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
    Number(reply.headers.get("retry-after-ms") ?? 0) ||
      Number(reply.headers.get("retry-after") ?? 0) * 1000,
  );
}
