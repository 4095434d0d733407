/** Who is signed in. */
import { Refused } from "../api/errors";
import { persist } from "../api/http";
import * as tokens from "../api/tokens";
import type { User } from "../api/types";
import { dropDrafts } from "./drafts";
import { close } from "./kept";
import { dropOutgoing } from "./outgoing";
import { tolerant } from "../api/storage";
import { dropWishes } from "./wishes";

/** Says that this browser has a cookie; without it nobody has to be asked who is signed in. */
const HINT = "chatapp.user";

class Session {
  /** `asking` until the server has said who is signed in; `ended` when it ended the session. */
  state = $state<"asking" | "out" | "in" | "ended">("asking");
  user = $state.raw<User | undefined>();
  /** The page is being left: nobody enters it any more. */
  #left = false;

  constructor() {
    tokens.listen({
      signedIn: (user) => this.#enter(user),
      signedOut: (ended) => {
        // However often the server says so: the page and what is typed in it stay.
        if (ended && (this.state === "in" || this.state === "ended")) {
          this.state = "ended";
          return true;
        }
        this.#leave();
        return false;
      },
    });
  }

  /** Finds out who is signed in; goes on trying while the server is away. */
  async resume(): Promise<void> {
    if (!tolerant(() => localStorage.getItem(HINT))) {
      this.state = "out";
      return;
    }
    try {
      await persist(() => tokens.resume());
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 401) this.#leave();
      // Nobody knows who is signed in; the next page asks again.
      else this.state = "out";
    }
  }

  async signup(body: { email: string; password: string; name: string; setup_token?: string; invitation?: string }): Promise<void> {
    await tokens.enter("signup", body);
  }

  async login(body: { email: string; password: string }): Promise<void> {
    await tokens.enter("login", body);
  }

  /** Signs out here: on the server, and in every tab of this browser. */
  async logout(): Promise<void> {
    await tokens.leave();
    this.#drop();
    this.#leave();
  }

  /** Removes what this browser keeps of a person, who leaves. */
  #drop(): void {
    if (!this.user) return;
    dropDrafts(this.user.id);
    dropOutgoing(this.user.id);
    dropWishes(this.user.id);
  }

  /** Nobody is signed in here any more, without asking the server. */
  gone(): void {
    tokens.forget();
    this.#leave();
  }

  /** The account is gone, and with it everything of it that this browser keeps. */
  deleted(): void {
    this.#drop();
    tokens.forget();
    // Perhaps the next one here is the first again: the start leads to the right form.
    this.#leave("/");
  }

  /** The account has a new name or address. */
  changed(user: User): void {
    this.user = user;
  }

  /** Returns whether it is the person of this page, or the first one here. */
  #enter(user: User): boolean {
    if (this.#left) return false;
    const other = this.user !== undefined && this.user.id !== user.id;
    // Without storage a reload asks for the password.
    tolerant(() => localStorage.setItem(HINT, user.id));
    // Nothing of one person may be left on another's screen.
    if (other) {
      this.#left = true;
      location.assign("/");
      return false;
    }
    this.user = user;
    this.state = "in";
    return true;
  }

  #leave(to = "/login"): void {
    tolerant(() => localStorage.removeItem(HINT));
    if (!this.user) {
      this.state = "out";
      return;
    }
    // What the stores hold is forgotten with the page; what is kept stays as it is.
    this.#left = true;
    close();
    this.state = "asking";
    this.user = undefined;
    location.assign(to);
  }
}

export const session = new Session();
