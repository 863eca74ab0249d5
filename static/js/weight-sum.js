// <form data-weight-sum>: says while typing whether the [data-weight] fields add up to 100.
// The server checks again; without script its answer is the same.
for (const form of document.querySelectorAll("form[data-weight-sum]")) {
  const fields = [...form.querySelectorAll("[data-weight]")];
  const line = form.querySelector("[data-weight-total]");
  const show = () => {
    // Whole hundredths: decimal fractions do not add up exactly as floating numbers.
    const sum = fields.reduce((total, field) => total + Math.round(Number(field.value) * 100), 0) / 100;
    const isRight = sum === 100;
    line.textContent = isRight ? line.dataset.right : line.dataset.wrong.replace("{sum}", String(sum));
    line.classList.toggle("is-wrong", !isRight);
  };
  form.addEventListener("input", show);
  show();
}
