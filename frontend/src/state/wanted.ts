/** Where somebody wanted to go who has to log in first: kept over a reload where there is storage. */

const KEY = "chatapp.wanted";
let wanted = "";

export function want(path: string): void {
  wanted = path;
  try {
    sessionStorage.setItem(KEY, path);
  } catch {
    // Without storage it is known as long as the page is there.
  }
}

/** Where to go now; it is wanted once. */
export function takeWanted(): string {
  let path = wanted;
  wanted = "";
  try {
    path ||= sessionStorage.getItem(KEY) ?? "";
    sessionStorage.removeItem(KEY);
  } catch {
    // It was not written either.
  }
  return path || "/";
}
