/**
 * What this browser keeps of a person over reloads: drafts, and messages that the server does not have
 * yet. What the device has no room for is kept in this page until it has.
 */
const loose = new Map<string, string>();
let closed = false;

/** The text of this name. */
export function kept(name: string): string | undefined {
  return loose.get(name) ?? read(name) ?? undefined;
}

export function keep(name: string, text: string): void {
  if (closed) return;
  loose.set(name, text);
  settle();
}

export function drop(name: string): void {
  if (closed) return;
  loose.delete(name);
  try {
    localStorage.removeItem(name);
  } catch {
    // It was not written either.
  }
  settle();
}

/** All names that begin like this. */
export function keptNames(prefix: string): string[] {
  let names: string[] = [];
  try {
    names = Object.keys(localStorage);
  } catch {
    // Whoever forbids the storage has what is in this page.
  }
  return [...new Set([...names, ...loose.keys()])].filter((name) => name.startsWith(prefix));
}

/** The page is being left by its person: from now on it changes nothing of what is kept. */
export function close(): void {
  closed = true;
}

/** Writes what there is room for by now. */
function settle(): void {
  for (const [name, text] of loose) {
    try {
      localStorage.setItem(name, text);
      loose.delete(name);
    } catch {
      // The others may be shorter.
    }
  }
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

// What would be gone with the page: the browser asks whether it may.
if (typeof addEventListener !== "undefined") {
  addEventListener("beforeunload", (event) => {
    if (!closed && loose.size > 0) event.preventDefault();
  });
}
