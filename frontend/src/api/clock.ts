/** The server's clock, from what its answers say: this device's may be minutes off. */

/** Smaller differences come from the seconds that the header counts in, in milliseconds. */
const CLOSE = 3_000;

let ahead = 0;

/** What an answer's `Date` says. */
export function heardDate(date: string | null): void {
  const difference = date === null ? NaN : new Date(date).getTime() - Date.now();
  if (!Number.isNaN(difference)) ahead = Math.abs(difference) < CLOSE ? 0 : difference;
}

/** The time on the server, in milliseconds since 1970. */
export function serverNow(): number {
  return Date.now() + ahead;
}
