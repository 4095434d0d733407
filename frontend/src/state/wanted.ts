/** Where a person wanted to go who has to log in first: kept over a reload where there is storage. */
import { tolerant } from "../api/storage";

const KEY = "chatapp.wanted";
let wanted = "";

export function want(path: string): void {
  wanted = path;
  tolerant(() => sessionStorage.setItem(KEY, path));
}

/** Where to go now; it is wanted once. */
export function takeWanted(): string {
  const path = wanted || tolerant(() => sessionStorage.getItem(KEY));
  wanted = "";
  tolerant(() => sessionStorage.removeItem(KEY));
  return path || "/";
}
