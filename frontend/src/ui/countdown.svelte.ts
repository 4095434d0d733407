/** How many seconds are left until a time, in milliseconds since 1970; counts down where it is shown. */
export class Countdown {
  #now = $state(Date.now());

  constructor(
    private until: () => number,
    private clock: () => number = Date.now,
  ) {
    $effect(() => {
      if (this.until() === 0) return;
      const tick = () => (this.#now = this.clock());
      tick();
      const timer = setInterval(tick, 500);
      return () => clearInterval(timer);
    });
  }

  get seconds(): number {
    return Math.max(0, Math.ceil((this.until() - this.#now) / 1000));
  }
}
