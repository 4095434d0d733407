/** Shows a dialog for as long as it is in the page, and gives the focus back afterwards. */
export function modal(dialog: HTMLDialogElement): () => void {
  const before = document.activeElement;
  dialog.showModal();
  return () => {
    dialog.close();
    // A dialog that is taken out of the page while it is open does not do that by itself.
    if (document.activeElement === document.body && before instanceof HTMLElement) before.focus();
  };
}
