/** The storage of a browser, for tests: what it keeps outlives `vi.resetModules`, as it outlives pages. */
export class Device {
  readonly kept = new Map<string, string>();
  /** Whether nothing longer than what is there can be written any more. */
  full = false;

  constructor(
    /** Called with the name of whatever has changed. */
    private changed: (name: string) => void = () => {},
  ) {}

  /** What stands for `localStorage`. */
  get storage(): object {
    const { kept } = this;
    const methods = {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, text: string) => {
        if (this.full && text.length > (kept.get(name)?.length ?? 0)) throw new Error("QuotaExceededError");
        kept.set(name, text);
        this.changed(name);
      },
      removeItem: (name: string) => {
        if (kept.delete(name)) this.changed(name);
      },
    };
    return new Proxy(methods, {
      ownKeys: () => [...kept.keys()],
      getOwnPropertyDescriptor: (_, name) => (kept.has(name as string) ? { enumerable: true, configurable: true } : undefined),
    });
  }

  /** The names of one kind, without what they all begin with. */
  names(prefix: string): string[] {
    return [...this.kept.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }
}
