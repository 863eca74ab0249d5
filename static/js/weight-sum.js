// <form data-weight-sum>: says while typing whether the [data-weight] fields add up to 100.
// The server checks again; without script its answer is the same.
for (const form of document.querySelectorAll("form[data-weight-sum]")) {
  const fields = [...form.querySelectorAll("[data-weight]")];
  const line = form.querySelector("[data-weight-total]");
  // Whole hundredths: decimal fractions do not add up exactly as floating numbers.
  const hundredths = (field) => Math.round(Number(field.value.trim().replace(/%$/, "").replace(",", ".")) * 100);
  const show = () => {
    const sum = fields.reduce((total, field) => total + hundredths(field), 0) / 100;
    const isRight = sum === 100;
    const words = Number.isFinite(sum) ? line.dataset.wrong.replace("{sum}", String(sum)) : line.dataset.unclear;
    line.textContent = isRight ? line.dataset.right : words;
    line.classList.toggle("is-wrong", !isRight);
  };
  form.addEventListener("input", show);
  show();
}
