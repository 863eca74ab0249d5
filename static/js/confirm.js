// Asks before a form is sent: <form data-confirm="question"> shows the <dialog> it names, or the browser's own.
export function startConfirm(root) {
  root.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });
}
