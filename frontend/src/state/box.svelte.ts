import { dropDraft, giveBack, isGiven, joined, readDraft, takeGiven, writeDraft } from "./drafts";

/** How long after the last key a text is kept, in milliseconds. */
const PAUSE = 300;

/** The message box of a conversation. Its text is kept as a draft, until it is sent. */
export class Box {
  #text = $state("");
  /** The draft as this box knows it: another tab may show the same conversation. */
  #draft: string;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private user: string,
    private conversation: string,
  ) {
    this.#text = this.#draft = readDraft(user, conversation) ?? "";
    this.look();
  }

  get text(): string {
    return this.#text;
  }

  set text(text: string) {
    this.#text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.keep, PAUSE);
  }

  /** Keeps the text as it is now. */
  keep = (): void => {
    clearTimeout(this.#timer);
    const { user, conversation } = this;
    const kept = readDraft(user, conversation) ?? "";
    // A box that is empty drops its own draft, and not what another tab has written.
    if (this.#text.trim() !== "") {
      if (kept !== this.#text) writeDraft(user, conversation, this.#text);
    } else if (kept === this.#draft) dropDraft(user, conversation);
    this.#draft = this.#text;
  };

  /** Puts what was given back in front of what is there. */
  look = (): void => {
    const given = takeGiven(this.user, this.conversation);
    if (given === "") return;
    this.#text = joined(given, this.#text);
    this.keep();
  };

  /** Another tab has changed something of this name. */
  heard(name: string | null): void {
    if (isGiven(this.user, this.conversation, name) && !document.hidden) this.look();
  }

  /** The text was sent, and is kept elsewhere. */
  clear(): void {
    this.#text = "";
    this.keep();
  }

  /** Gives the text to the box of another conversation. */
  moveTo(conversation: string): void {
    if (this.#text.trim() !== "") giveBack(this.user, conversation, this.#text);
    this.clear();
  }
}
