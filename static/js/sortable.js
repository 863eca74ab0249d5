// <ol data-sort-form="id">: rows ([data-id], dragged by .g) can also be moved by mouse; the form with that id is sent
// with their order in its "order" field. Buttons "up" and "down" do the same for keyboards and without script.
export function startSorting(root) {
  if (!window.Sortable) return;
  for (const list of root.querySelectorAll("[data-sort-form]")) {
    const form = document.getElementById(list.dataset.sortForm);
    const onEnd = () => {
      form.elements.order.value = [...list.querySelectorAll("[data-id]")].map((row) => row.dataset.id).join(",");
      form.requestSubmit();
    };
    window.Sortable.create(list, { handle: ".g", draggable: "[data-id]", animation: 120, onEnd });
  }
}
