/** What `work` does with the browser's storage; nothing where that is forbidden, full, or holds what is not ours. */
export function tolerant<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
