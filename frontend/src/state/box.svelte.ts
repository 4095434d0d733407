import { dropDraft, giveBack, isGiven, isTaken, joined, leaveDraft, readDraft, takeGiven, takeLeft, writeDraft, type StorageChange } from "./drafts";

/** How long after a key a text is kept, however many follow, in milliseconds. */
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
    this.back();
  }

  get text(): string {
    return this.#text;
  }

  set text(text: string) {
    this.#text = text;
    this.#timer ??= setTimeout(this.keep, PAUSE);
  }

  /** Keeps the text as it is now. */
  keep = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { user, conversation } = this;
    const kept = readDraft(user, conversation) ?? "";
    // A box that is empty drops its own draft, and not what another tab has written.
    if (this.#text.trim() !== "") {
      if (kept !== this.#text) writeDraft(user, conversation, this.#text);
    } else if (kept === this.#draft) dropDraft(user, conversation);
    this.#draft = this.#text;
  };

  /** The page is being left, perhaps for good: beside what another tab has written this text has no room. */
  leave = (): void => {
    const { user, conversation } = this;
    const kept = readDraft(user, conversation) ?? "";
    if (kept.trim() === "" || kept === this.#draft) return this.keep();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#text.trim() !== "" && !kept.includes(this.#text)) leaveDraft(user, conversation, this.#text);
  };

  /** The page is there, perhaps again: what was left goes in front of what is there, unless it is in it. */
  back = (): void => {
    const left = takeLeft(this.user, this.conversation);
    if (left !== "" && !this.#text.includes(left)) {
      this.#text = joined(left, this.#text);
      this.keep();
    }
    this.look();
  };

  /** Puts what was given back in front of what is there. */
  look = (): void => {
    const given = takeGiven(this.user, this.conversation);
    if (given === "") return;
    this.#text = joined(given, this.#text);
    this.keep();
  };

  /** Another tab has changed something. */
  heard(change: StorageChange): void {
    const { user, conversation } = this;
    if (isGiven(user, conversation, change.key) && !document.hidden) this.look();
    // It was sent, or emptied, from there: nobody sends it twice.
    if (this.#text !== "" && isTaken(user, conversation, this.#text, change)) this.clear();
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
