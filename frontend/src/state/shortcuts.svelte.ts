/** Keyboard shortcuts. All of them can be switched off. */
import { layout } from "./layout.svelte";
import { router } from "./router.svelte";
import { settings } from "./settings.svelte";

/** What the screen that is open can do; it sets what it has. */
export interface Actions {
  focus?: () => void;
  stop?: () => boolean;
  copyAnswer?: () => void;
  copyCode?: () => void;
}

export const actions: Actions = {};

const MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** What the keys are called that have no letter. */
type KeyNames = Record<"ctrl" | "shift" | "alt" | "escape" | "enter", string>;

/** The keys of each, as they are written on this machine's keyboard. */
export function keysOf(words: KeyNames) {
  const main = MAC ? "⌘" : words.ctrl;
  const shift = MAC ? "⇧" : words.shift;
  return {
    search: [main, "K"],
    newChat: [main, shift, "O"],
    sidebar: [main, shift, "S"],
    focus: [shift, words.escape],
    stop: [words.escape],
    copyAnswer: [main, shift, "C"],
    copyCode: [main, shift, ";"],
    turns: [MAC ? "⌥" : words.alt, "↑ ↓"],
    list: [main, "/"],
    send: [words.enter],
    newline: [shift, words.enter],
  };
}

/** Listens until the returned function is called. */
export function startShortcuts(): () => void {
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}

function pressed(event: KeyboardEvent): void {
  if (!settings.get("shortcuts") || event.defaultPrevented || event.isComposing) return;
  if (run(event)) event.preventDefault();
}

function run(event: KeyboardEvent): boolean {
  const main = MAC ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  const modal = document.querySelector("dialog[open]") !== null;
  if (event.key === "Escape" && !main && !event.altKey && !modal) {
    if (event.shiftKey) return call(actions.focus);
    return actions.stop?.() ?? false;
  }
  if (event.altKey && !main && !event.shiftKey && !modal) {
    if (event.key === "ArrowUp") return turn(-1);
    if (event.key === "ArrowDown") return turn(1);
  }
  if (!main || event.altKey || modal) return false;
  if (event.shiftKey) {
    switch (event.code) {
      case "KeyO":
        router.go("/");
        queueMicrotask(() => actions.focus?.());
        return true;
      case "KeyS":
        layout.toggleSidebar();
        return true;
      case "KeyC":
        return call(actions.copyAnswer);
      case "Semicolon":
        return call(actions.copyCode);
    }
    return false;
  }
  if (event.code === "KeyK") {
    layout.openSearch();
    return true;
  }
  if (event.key === "/") {
    layout.shortcuts = true;
    return true;
  }
  return false;
}

function call(action: (() => void) | undefined): boolean {
  action?.();
  return action !== undefined;
}

/** Moves the focus to the turn before or after the one that has it. */
function turn(step: 1 | -1): boolean {
  const turns = [...document.querySelectorAll<HTMLElement>("article[data-turn]")];
  if (turns.length === 0) return false;
  const at = turns.findIndex((one) => one.contains(document.activeElement));
  const to = at < 0 ? (step < 0 ? turns.length - 1 : 0) : at + step;
  const target = turns[Math.max(0, Math.min(turns.length - 1, to))]!;
  target.focus();
  target.scrollIntoView({ block: "nearest" });
  return true;
}
