import type { Turn } from "../api/types";

/** A send as the server sees it. */
export interface Post {
  path: string;
  key: string;
  body: Record<string, unknown>;
  keepalive: boolean;
}

/** A reply with a JSON body. */
export const reply = (status: number, body: unknown, headers = {}) => new Response(JSON.stringify(body), { status, headers });
/** What makes a refusal with this code. */
export const refuse = (status: number, code: string, more = {}, headers = {}) => () => reply(status, { error: { message: code, code, ...more } }, headers);

/** A turn that the server has taken as its `number`th. */
export function turn(path: string, content: unknown, number: number): Turn {
  const id = path === "/api/messages" ? `conv_new_${number}` : path.split("/")[3];
  const message = { conversation_id: id, content };
  return { user_message: message, message, response: { id: `resp_${number}` } } as unknown as Turn;
}
