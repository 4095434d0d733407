/** Who can make an account here: what the screen before the login depends on. */
import { attempt } from "../api/attempt";
import type { SignupState } from "../api/types";

class Signup {
  /** Nothing while the server has not said it, or could not be asked. */
  state = $state.raw<SignupState | undefined>();
  /** Whether it was asked. */
  asked = $state(false);
  /** Whether the server waits for its administrator. */
  waiting = $derived(this.state !== undefined && this.state.administrator !== "done");
  /** Nobody can log in yet: the set-up is the first thing to do. */
  fresh = $derived(this.waiting && this.state?.accounts === false);
  #asking = false;

  async ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const reply = await attempt("/api/auth/signup");
      this.state = (await reply.json()) as SignupState;
    } catch {
      // The forms work without it, and say what the server refuses.
    }
    this.asked = true;
  }
}

export const signup = new Signup();
