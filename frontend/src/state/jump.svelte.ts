/** A message that is to be shown in its conversation: what a search result leads to. */
import { router } from "./router.svelte";

class Jump {
  target = $state.raw<{ conversation: string; message: string } | undefined>();

  /** Opens the conversation; its screen takes the target and shows the message. */
  to(conversation: string, message: string | undefined, by: "pointer" | "keyboard"): void {
    if (message) this.target = { conversation, message };
    router.go(`/c/${conversation}`, { by });
  }

  /** The message to show in this conversation, once. */
  take(conversation: string): string | undefined {
    if (this.target?.conversation !== conversation) return undefined;
    const { message } = this.target;
    this.target = undefined;
    return message;
  }
}

export const jump = new Jump();
