/**
 * Does something in one tab of this browser after the other. Browsers have locks on https and localhost
 * only; elsewhere the tabs tell each other through the storage who is at work. That is no lock: now and
 * then two may be, and the server has to be able to bear that.
 */
import { newKey } from "./key";
import { sleep } from "./sleep";
import { tolerant } from "./storage";

/** How long a tab's word counts, in milliseconds; who is at work repeats it, and a crash does not. */
const LEASE = 15_000;
const REPEAT = 5_000;
/** After so long every tab sees what one has written. */
const SPREAD = 50;
const LOOK = 500;

export function oneTab<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (typeof navigator !== "undefined" && navigator.locks) return navigator.locks.request(name, work) as Promise<T>;
  return leased(`chatapp.lock.${name}`, work);
}

async function leased<T>(key: string, work: () => Promise<T>): Promise<T> {
  const me = newKey();
  const say = () => write(key, JSON.stringify({ by: me, until: Date.now() + LEASE }));
  do {
    while (holder(key) !== undefined) await sleep(LOOK);
    // Without room in the storage nobody can say anything.
    if (!say()) return work();
    // Of two that began at once the last one goes on.
    await sleep(SPREAD);
  } while (holder(key) !== me);
  const repeat = setInterval(() => {
    if ((holder(key) ?? me) === me) say();
  }, REPEAT);
  const release = () => {
    // Nobody holds what cannot be read.
    if (holder(key) === me) localStorage.removeItem(key);
  };
  addEventListener("pagehide", release);
  try {
    return await work();
  } finally {
    clearInterval(repeat);
    removeEventListener("pagehide", release);
    release();
  }
}

/** Which tab is at work. */
function holder(key: string): string | undefined {
  return tolerant(() => {
    const { by, until } = JSON.parse(localStorage.getItem(key) ?? "{}") as { by?: string; until?: number };
    // A clock that was set back makes nobody wait for longer.
    const left = (until ?? 0) - Date.now();
    return left > 0 && left <= LEASE ? by : undefined;
  });
}

function write(key: string, text: string): boolean {
  return tolerant(() => (localStorage.setItem(key, text), true)) ?? false;
}
