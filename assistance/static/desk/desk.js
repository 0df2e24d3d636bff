// Writes amounts in large units beside the fields for yuan, while they are typed.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const chinese = document.documentElement.lang.startsWith("zh");
  const [unit, name] = chinese ? [10000, "万元"] : [1000000, "million"];
  for (const field of document.querySelectorAll("input.vYuan")) {
    const hint = document.createElement("span");
    hint.className = "hint yuan-hint";
    field.insertAdjacentElement("afterend", hint);
    const show = () => {
      const amount = Number(field.value);
      hint.textContent = amount ? `= ${(amount / unit).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${name}` : "";
    };
    field.addEventListener("input", show);
    show();
  }
});
