// A server that takes the messages of one person, and what can be wrong with it.
import type { Turn } from "../api/types";
import { type Post, reply, turn } from "./replies";

export class Server {
  posts: Post[] = [];
  /** What it has taken, by key. */
  taken = new Map<string, Turn>();
  /** What the next sends come to; all are taken when there is nothing left. */
  replies: (() => Response | Promise<Response>)[] = [];
  /** The answer that runs in the conversation. */
  active: string | null = null;
  /** Whether it can be reached. */
  reachable = true;
  /** Whether it knows the session. */
  known = true;
  /** Whether the conversation was deleted. */
  deleted = false;
  /** How often the conversation was asked for. */
  looks = 0;

  constructor(
    readonly user: string,
    readonly conversation: string,
  ) {}

  /** The messages that it has. */
  said(): string[] {
    return [...this.taken.values()].map((one) => one.message.content);
  }

  /** Takes the place of the browser's own. */
  fetch = async (path: string, options: RequestInit): Promise<Response> => {
    if (path === "/health/ready") return this.reachable ? reply(200, {}) : Promise.reject(new TypeError("away"));
    if (!this.reachable) throw new TypeError("away");
    if (path === "/api/auth/login") this.known = true;
    if (!this.known) return reply(401, { error: { message: "ended", code: "invalid_token" } });
    if (path.startsWith("/api/auth/")) return reply(200, { access_token: "token", expires_in: 900, user: { id: this.user } });
    if (path.includes(this.conversation)) {
      if (options.method === "GET") this.looks += 1;
      if (this.deleted) return reply(404, { error: { message: "gone", code: "not_found" } });
    }
    if (options.method === "GET") {
      return reply(200, { id: path.split("/")[3], active_response_id: this.active, updated_at: "", data: [] });
    }
    const key = (options.headers as Record<string, string>)["idempotency-key"]!;
    const body = JSON.parse(options.body as string);
    this.posts.push({ path, key, body, keepalive: options.keepalive ?? false });
    const next = this.replies.shift();
    if (next) return next();
    if (!this.taken.has(key)) this.taken.set(key, turn(path, body.content, this.taken.size));
    return reply(201, this.taken.get(key));
  };
}
