// Asks before something is lost: a form, or its button, with data-confirm="question" is sent only after a yes in the
// page's <dialog id="confirm">, whose button then says what the pressed one said; elsewhere the browser's own asks.
export function startConfirm(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
    if (!question || form.dataset.confirmed) return;
    const dialog = document.getElementById("confirm");
    if (!dialog?.showModal) {
      if (!window.confirm(question)) event.preventDefault();
      return;
    }
    event.preventDefault();
    ask(dialog, question, event.submitter, () => {
      form.dataset.confirmed = "yes";
      form.requestSubmit(event.submitter);
      delete form.dataset.confirmed;
    });
  });
}

function ask(dialog, question, button, goOn) {
  dialog.querySelector("[data-question]").textContent = question;
  const words = button?.textContent.trim();
  if (words) dialog.querySelector("[data-yes]").textContent = words;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => { if (dialog.returnValue === "yes") goOn(); }, { once: true });
  dialog.showModal();
}
