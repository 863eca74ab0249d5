// What scrolls sideways (.scrollx) fades at an edge behind which there is more: classes more-before and more-after.
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) show(target.closest(".scrollx") ?? target);
});

export function startEdges(root) {
  for (const frame of root.querySelectorAll(".scrollx")) {
    frame.addEventListener("scroll", () => show(frame), { passive: true });
    sizes.observe(frame);
    if (frame.firstElementChild) sizes.observe(frame.firstElementChild);
  }
}

function show(frame) {
  const hidden = frame.scrollWidth - frame.clientWidth;
  const at = Math.abs(frame.scrollLeft);
  frame.classList.toggle("more-before", at > 1);
  frame.classList.toggle("more-after", at < hidden - 1);
}
