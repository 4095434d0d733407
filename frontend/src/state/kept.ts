/**
 * What this browser keeps of a person over reloads: drafts, and messages that the server does not have
 * yet. What the device has no room for is kept in this page until it has.
 */
import { tolerant } from "../api/storage";

const loose = new Map<string, string>();
let closed = false;

/** The text of this name. */
export function kept(name: string): string | undefined {
  return loose.get(name) ?? tolerant(() => localStorage.getItem(name)) ?? undefined;
}

export function keep(name: string, text: string): void {
  if (closed) return;
  loose.set(name, text);
  settle();
}

export function drop(name: string): void {
  if (closed) return;
  loose.delete(name);
  tolerant(() => localStorage.removeItem(name));
  settle();
}

/** All names that begin like this. */
export function keptNames(prefix: string): string[] {
  // Where the storage is forbidden there is what is in this page.
  const names = tolerant(() => Object.keys(localStorage)) ?? [];
  return [...new Set([...names, ...loose.keys()])].filter((name) => name.startsWith(prefix));
}

/** The page is being left by its person: from now on it changes nothing of what is kept. */
export function close(): void {
  closed = true;
}

/** Writes what there is room for by now. */
function settle(): void {
  for (const [name, text] of loose) {
    // Where there is no room for one, the others may be shorter.
    tolerant(() => {
      localStorage.setItem(name, text);
      loose.delete(name);
    });
  }
}

// What would be gone with the page: the browser asks whether it may.
if (typeof addEventListener !== "undefined") {
  addEventListener("beforeunload", (event) => {
    if (!closed && loose.size > 0) event.preventDefault();
  });
}
