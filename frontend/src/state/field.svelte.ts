import { dropDraft, readDraft, writeDraft } from "./drafts";
import { session } from "./session.svelte";

/**
 * The text of a field whose form may be left at any moment: it is kept as a draft until it is saved
 * or dropped on purpose.
 */
export class Field {
  /** Whether it began with what was written before. */
  readonly found: boolean;
  #user = session.user?.id ?? "";
  #text = $state("");

  constructor(
    /** The draft's name. */
    private name: string,
    /** What is saved. */
    private known: string,
  ) {
    const draft = readDraft(this.#user, name);
    this.found = draft !== undefined && draft !== known;
    this.#text = draft ?? known;
  }

  get text(): string {
    return this.#text;
  }

  set text(text: string) {
    this.#text = text;
    if (text === this.known) dropDraft(this.#user, this.name);
    else writeDraft(this.#user, this.name, text);
  }

  /** Takes in what was put into the draft elsewhere. */
  look(): void {
    this.#text = readDraft(this.#user, this.name) ?? this.known;
  }

  /** It is saved, as this. */
  saved(known = this.#text): void {
    this.known = known;
    this.text = known;
  }

  /** Nobody wants what was written. */
  drop(): void {
    this.text = this.known;
  }
}
