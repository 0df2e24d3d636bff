"use strict";
// A full ID or telephone number does not belong into an address: the search of persons sends whoever
// types one to the page that asks for it properly.
document.addEventListener("DOMContentLoaded", () => {
  const lookUp = document.querySelector("a.look-up");
  const search = document.getElementById("changelist-search");
  if (!lookUp || !search) return;
  search.addEventListener("submit", (event) => {
    const typed = search.querySelector("input[name=q]").value.normalize("NFKC").replace(/[\s-]/g, "");
    if (!/\d{17}[\dXx]|1[3-9]\d{9}/.test(typed)) return;
    event.preventDefault();
    location.assign(lookUp.href);
  });
});
// Writes amounts in large units beside the fields for yuan, while they are typed.
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
