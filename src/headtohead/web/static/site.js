"use strict";
/* The day of knowledge: a slider that leads to the same page with what was known by another day. */
(() => {
  const form = document.getElementById("known-by");
  const slider = form && form.querySelector(".slider");
  if (!slider) return;
  const days = slider.dataset.days.split(" ");
  const range = slider.querySelector("input");
  const out = slider.querySelector("output");
  const day = form.dataset.day || days[days.length - 1];
  const { root, page, html } = form.dataset;
  const last = days.findLastIndex((one) => one <= day);
  range.value = String(Math.max(0, last));
  range.setAttribute("aria-valuetext", day);
  slider.hidden = false;
  range.addEventListener("input", () => {
    out.textContent = days[range.value];
    range.setAttribute("aria-valuetext", days[range.value]);
  });
  range.addEventListener("change", () => {
    location.assign(`${root}on/${days[range.value]}/${page || (html ? "index" : "")}${page || html ? html : ""}${location.hash}`);
  });
})();
