/** Copies a text; false if the browser does not let us. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // The clipboard exists on https and localhost only; this way works on a plain address, too.
    const area = document.createElement("textarea");
    area.value = text;
    area.readOnly = true;
    area.className = "hidden";
    const focused = document.activeElement;
    const host = document.querySelector("dialog[open]") ?? document.body;
    host.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return done;
  }
}
