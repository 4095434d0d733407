/** Saves an answer of the API as a file. */
import { type Options, request } from "../api/http";

/** `name` is used when the server suggests none. */
export async function download(path: string, name: string, options: Options = {}): Promise<void> {
  const reply = await request(path, { ...options, stream: true });
  const suggested = /filename="([^"]+)"/.exec(reply.headers.get("content-disposition") ?? "")?.[1];
  const type = reply.headers.get("content-type") ?? "";
  const extension = type.includes("markdown") ? "md" : type.includes("zip") ? "zip" : "jsonl";
  const address = URL.createObjectURL(await reply.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = suggested ?? `${name.replace(/[^\p{L}\p{N} _-]/gu, "").trim() || "chatapp"}.${extension}`;
  link.click();
  // The browser reads the blob a moment after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
