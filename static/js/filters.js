// <form data-filters data-one data-many>: a choice changes nothing until it is applied, so what is not applied yet is said.
// Its chip is marked, and the buttons [data-apply] count the changes in the form's words ("{n}") and stay in sight.
// An open menu of a form closes when the reader goes elsewhere.
export function startFilters(root) {
  for (const form of root.querySelectorAll("form[data-filters]")) followChanges(form);
  for (const menu of root.querySelectorAll(".chip-menu, details.menu")) closeOnLeaving(menu);
}

function followChanges(form) {
  const applied = new Map([...form.querySelectorAll("[data-apply] [data-words], .chip-menu b")].map((one) => [one, one.textContent]));
  const show = () => {
    const changed = [...form.querySelectorAll(".chip")].filter((chip) => markChip(chip));
    const words = { 0: "", 1: form.dataset.one }[changed.length] ?? form.dataset.many.replace("{n}", String(changed.length));
    form.classList.toggle("is-changed", changed.length > 0);
    form.querySelector("[data-said]").textContent = words;
    for (const [place, before] of applied) place.textContent = place.matches("b") ? chosenIn(place, before) : words || before;
    for (const button of form.querySelectorAll("[data-apply]")) {
      button.classList.toggle("btn-primary", changed.length > 0 || "always" in button.dataset);
      button.classList.toggle("btn-plain", !changed.length && !("always" in button.dataset));
    }
  };
  form.addEventListener("input", show);
  // Coming back by the browser's button shows the form as it was left.
  window.addEventListener("pageshow", show);
  show();
}

function markChip(chip) {
  const menu = chip.closest(".chip-menu");
  const isChanged = [...(menu ?? chip).querySelectorAll("input, select")].some((field) => differs(field));
  chip.classList.toggle("pending", isChanged);
  return isChanged;
}

function differs(field) {
  if (field.matches("select")) {
    const before = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
    return field.selectedOptions[0] !== before;
  }
  return field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}

// What a closed menu says: its ticked levels while they are not those of the page.
function chosenIn(place, before) {
  const menu = place.closest(".chip-menu");
  if (!menu.querySelector(".chip.pending")) return before;
  const ticked = [...menu.querySelectorAll("input:checked")].map((box) => box.labels[0].textContent.trim());
  return ticked.length ? new Intl.ListFormat(document.documentElement.lang).format(ticked) : menu.dataset.all;
}

function closeOnLeaving(menu) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
