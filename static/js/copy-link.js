// <button data-copy-link data-copied="Copied">: puts the page's address on the clipboard.
export function startCopyLink(root) {
  for (const button of root.querySelectorAll("[data-copy-link]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(window.location.href);
      const words = button.querySelector("[data-words]") ?? button;
      const before = words.textContent;
      words.textContent = button.dataset.copied;
      window.setTimeout(() => { words.textContent = before; }, 2000);
    });
  }
  for (const button of root.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}
