// <form data-margins>: says while typing what each [data-margin] adds up to, and where it differs from the others.
// The server says the same; without script its answer does.
const EXACT = 6;

// As the server reads it: commas and spaces divide thousands, a percent sign may follow.
function people(text) {
  const plain = text.trim().replace(/[%％]$/, "").replace(/[，,\s]/g, "").replace("．", ".");
  return plain === "" ? NaN : Number(plain);
}

function sumOf(margin) {
  const texts = [...margin.querySelectorAll("input")].map((field) => field.value).filter((text) => text.trim());
  return texts.length ? Number(texts.reduce((total, text) => total + people(text), 0).toFixed(EXACT)) : null;
}

const written = (number) => number.toLocaleString("en-US", { maximumFractionDigits: 4 });

function words(form, sum, others) {
  if (Number.isNaN(sum)) return form.dataset.unclear;
  if (others.length) {
    return form.dataset.differs.replace("{sum}", written(sum)).replace("{others}", others.map(written).join(" / "));
  }
  const isNearly = sum >= 90 && sum <= 110 && sum !== 100;
  return (isNearly ? form.dataset.percent : form.dataset.sum).replace("{sum}", written(sum));
}

for (const form of document.querySelectorAll("form[data-margins]")) {
  const margins = [...form.querySelectorAll("[data-margin]")];
  const show = () => {
    const sums = margins.map(sumOf);
    margins.forEach((margin, place) => {
      const sum = sums[place];
      const line = margin.querySelector("[data-margin-total]");
      const others = [...new Set(sums.filter((one, at) => at !== place && Number.isFinite(one) && one !== sum))];
      const text = sum === null ? "" : words(form, sum, others.sort((one, two) => one - two));
      // An unchanged line is left alone: each change of it is read out.
      if (line.textContent !== text) line.textContent = text;
      line.classList.toggle("is-odd", text !== "" && text !== form.dataset.sum.replace("{sum}", written(sum)));
    });
  };
  form.addEventListener("input", show);
  show();
}
