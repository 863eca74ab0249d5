// <form data-auto-submit>: sends a GET form when a select in it changes; its button serves without script.
export function startFilters(root) {
  for (const form of root.querySelectorAll("form[data-auto-submit]")) {
    form.addEventListener("change", () => form.requestSubmit());
    for (const button of form.querySelectorAll("[data-no-script]")) button.hidden = true;
  }
}
