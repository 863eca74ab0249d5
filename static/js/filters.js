// <form data-auto-submit>: sends a GET form when a select in it changes; its button serves without script.
// A choice of the empty value stays out of the address. An open menu of the form closes when another opens.
export function startFilters(root) {
  for (const form of root.querySelectorAll("form[data-auto-submit]")) {
    form.addEventListener("change", (event) => { if (event.target.matches("select")) form.requestSubmit(); });
    form.addEventListener("submit", () => leaveOutEmpty(form));
    for (const button of form.querySelectorAll("[data-no-script]")) button.hidden = true;
  }
  for (const menu of root.querySelectorAll(".chip-menu, details.menu")) closeOnLeaving(menu);
}

function leaveOutEmpty(form) {
  for (const field of form.elements) if (field.name && field.value === "") field.disabled = true;
}

function closeOnLeaving(menu) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

// Coming back by the browser's button shows the form as it was left, with what was switched off.
window.addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[data-auto-submit] :disabled")) field.disabled = false;
});
