// Asks before something is lost. <form data-confirm="question"> (or its button) uses the browser's own dialog;
// <button data-dialog="id"> opens a <dialog popover> of the page as a modal one, which it would not be without script.
export function startConfirm(root) {
  root.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });
  root.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) open(opener, event);
    else if (event.target.closest("[data-dialog-close]")) close(event);
  });
}

function open(opener, event) {
  const dialog = document.getElementById(opener.dataset.dialog);
  if (!dialog?.showModal) return;
  event.preventDefault();
  dialog.showModal();
  dialog.addEventListener("close", () => opener.focus(), { once: true });
}

function close(event) {
  const dialog = event.target.closest("dialog");
  if (!dialog?.open) return;
  event.preventDefault();
  dialog.close();
}
