/**
 * Does something in one tab of this browser after the other. Locks exist on https and localhost
 * only; without them every tab does it at once, so the server has to be able to bear that.
 */
export function oneTab<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (typeof navigator === "undefined" || !navigator.locks) return work();
  return navigator.locks.request(name, work) as Promise<T>;
}
