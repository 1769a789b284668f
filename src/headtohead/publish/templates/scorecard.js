"use strict";
/* The scorecard: sorted and filtered, with its state in the address. */
(() => {
  const { one, all, state, remember, onState } = window.h2h;
  const table = one("#score");
  const rows = table ? all("tbody tr", table) : [];
  const form = one("#filters");

  function sortBy(key, direction) {
    const sign = direction === "desc" ? -1 : 1;
    const value = (row) =>
      key === "says" ? one("th", row).textContent.trim().toLowerCase() : Number(row.dataset[key] || 99);
    const order = (row) => Number(row.dataset.order);
    const sorted = [...rows].sort((x, y) => {
      const [a, b] = [value(x), value(y)];
      const first = typeof a === "string" ? a.localeCompare(b) : a - b;
      return sign * first || order(x) - order(y);
    });
    one("tbody", table).append(...sorted);
    for (const head of all("th[data-key]", table)) {
      if (head.dataset.key === key) head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
  }

  function filter() {
    const words = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const fits =
        (!state.sec || row.dataset.sec === state.sec) &&
        (!state.v || row.dataset.v === state.v) &&
        words.every((w) => text.includes(w));
      row.hidden = !fits;
      shown += fits;
    }
    one("#f-count").textContent = `${shown} of ${rows.length} shown`;
    one("#f-none").hidden = shown > 0;
  }

  function applyScorecard() {
    if (!table) return;
    one("#f-q").value = state.q || "";
    one("#f-sec").value = state.sec || "";
    one("#f-v").value = state.v || "";
    const keys = all("th[data-key]", table).map((h) => h.dataset.key);
    sortBy(keys.includes(state.sort) ? state.sort : "order", state.dir);
    filter();
  }

  if (table) {
    form.hidden = false;
    for (const head of all("th[data-key]", table)) {
      one("button", head).addEventListener("click", () => {
        const again = head.getAttribute("aria-sort") === "ascending";
        remember({ sort: head.dataset.key, dir: again ? "desc" : "" });
        sortBy(state.sort, state.dir);
      });
    }
    form.addEventListener("submit", (event) => event.preventDefault());
    one("#f-q").addEventListener("input", (e) => { remember({ q: e.target.value }); filter(); });
    one("#f-sec").addEventListener("change", (e) => { remember({ sec: e.target.value }); filter(); });
    one("#f-v").addEventListener("change", (e) => { remember({ v: e.target.value }); filter(); });
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      remember({ q: "", sec: "", v: "" });
      applyScorecard();
    });
    one("tbody", table).addEventListener("click", (event) => {
      if (event.target.closest("a") || String(getSelection())) return;
      const row = event.target.closest("tr");
      if (row) one("a[href]", row).click(); // the card, here or on a page of its own
    });
  }

  onState(applyScorecard);
  applyScorecard();
})();
