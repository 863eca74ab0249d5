// Changes colours at once and tells the server in the background; without script the form just reloads the page.
export function startTheme(root) {
  for (const form of root.querySelectorAll("form[data-theme-form]")) form.addEventListener("submit", change);
}

async function change(event) {
  const form = event.currentTarget;
  const theme = event.submitter?.value;
  if (!theme) return;
  event.preventDefault();
  document.documentElement.dataset.theme = theme;
  for (const button of document.querySelectorAll("form[data-theme-form] button")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
  document.dispatchEvent(new Event("themechange"));
  const body = new FormData(form);
  body.set("theme", theme);
  await fetch(form.action, { method: "POST", body }).catch(() => form.submit());
}
