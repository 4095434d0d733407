/** The one place that speaks to screen readers without being asked. */

class Announcer {
  /** What is to be read now. */
  text = $state("");
  /** A finished answer, read once where a person wants that. */
  answer = $state("");

  say(text: string): void {
    // The same words twice are read twice only if they differ.
    this.text = text === this.text ? `${text}\u00a0` : text;
  }
}

export const announcer = new Announcer();
