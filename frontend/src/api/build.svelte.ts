/** Whether the server has a newer page than the one that is open. */

class Build {
  /** The server was updated since this page was loaded. */
  outdated = $state(false);

  #own =
    typeof document === "undefined"
      ? null
      : (document.querySelector<HTMLMetaElement>('meta[name="build"]')?.content ?? null);

  /** What an answer of the API says about the page that goes with it. */
  seen(build: string | null): void {
    if (build && this.#own && build !== this.#own) this.outdated = true;
  }
}

export const build = new Build();
