/** Sleeps until the time is over, the sleeper is woken, or the signal aborts. */
export function sleep(pause: number, signal?: AbortSignal, wakers?: Set<() => void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      wakers?.delete(done);
      signal?.removeEventListener("abort", done);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(done, pause);
    wakers?.add(done);
    signal?.addEventListener("abort", done);
    if (signal?.aborted) done();
  });
}
