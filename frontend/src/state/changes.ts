/** Tells the other tabs of this browser what this one has changed. */

export interface Change {
  /** The conversation that is new or different. */
  conversation?: string;
  /** The conversation that is gone. */
  deleted?: string;
}

const channel =
  typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("chatapp.changes");

export function announceChange(change: Change): void {
  channel?.postMessage(change);
}

export function onChange(listener: (change: Change) => void): () => void {
  const heard = ({ data }: MessageEvent<Change>) => listener(data);
  channel?.addEventListener("message", heard);
  return () => channel?.removeEventListener("message", heard);
}
