"use strict";
/* Every table of data sorts by any of its columns. */
(() => {
  const { one, all, onUnfold } = window.h2h;
  const amount = (text) => Number.parseFloat(text.replace(/[,+$]/g, "").replace("−", "-"));
  function sortable(table) {
    table.classList.add("sortable");
    const heads = all("thead th", table);
    heads.forEach((head, place) => {
      const button = Object.assign(document.createElement("button"), {
        type: "button", className: "sorter",
      });
      const arrow = Object.assign(document.createElement("span"), { className: "arrow" });
      arrow.setAttribute("aria-hidden", "true");
      button.append(head.textContent, arrow);
      head.replaceChildren(button);
      head.classList.toggle("num", Boolean(one(`tbody tr td.num:nth-child(${place + 1})`, table)));
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const h of heads) h.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const text = (row) => row.cells[place].textContent.trim();
        const rows = [...table.tBodies[0].rows].sort((a, b) => {
          const [x, y] = [amount(text(a)), amount(text(b))];
          const first = Number.isNaN(x) || Number.isNaN(y)
            ? Number.isNaN(x) - Number.isNaN(y) || text(a).localeCompare(text(b))
            : x - y;
          return up ? first : -first;
        });
        table.tBodies[0].append(...rows);
      });
    });
  }
  const wire = (root) => {
    for (const table of all("table.data:not(#standings)", root)) sortable(table);
  };
  wire(document);
  onUnfold(wire);
})();
