// A row that an address points to (`#n-…`) may lie in a closed branch of the indicator table, where nothing can be
// scrolled to: its branch is opened on arrival, when the address changes, and at a click on a link that changes nothing.
export function startBranches(root) {
  show(root, window.location.hash);
  window.addEventListener("hashchange", () => show(root, window.location.hash));
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[href*='#']");
    if (link && link.href === window.location.href) show(root, link.hash);
  });
}

function show(root, hash) {
  const row = hash.length > 1 ? root.getElementById(decoded(hash.slice(1))) : null;
  const box = row?.closest("tr.sub")?.parentElement.querySelector(".twist-box");
  if (!box) return;
  box.checked = true;
  row.scrollIntoView({ block: "center" });
}

function decoded(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
