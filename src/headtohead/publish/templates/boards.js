"use strict";
/* A figure that shows one of several boards: any of them, filtered and sorted, in chart and table. */
(() => {
  const { one, all, data, state, remember, onState } = window.h2h;
  const about = data.chooser;
  const { boards, columns, fields, spans, short, kinds, shown, by, find, shade } = about;
  const chart = data.exhibits.find((e) => e.slug === about.slug);
  const spec = chart.spec;
  const described = chart.metadata;
  const figure = document.getElementById(about.slug);
  const table = one("#standings");
  const body = one("tbody", table);
  const pattern = body.rows[0].cloneNode(true);
  const controls = { board: one("#f-board"), q: one("#f-q"), g: one("#f-g"), n: one("#f-n") };
  const rowsOf = (board) =>
    board.rows.map((r) => Object.fromEntries(columns.map((name, n) => [name, r[n]])));

  /* ---- numbers as the page writes them elsewhere */
  const writers = {};
  function text(value, digits) {
    if (value === null || value === undefined) return "–";
    if (typeof value === "string" || digits === null) return String(value);
    writers[digits] ??= new Intl.NumberFormat("en-US", {
      minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: "halfEven",
      signDisplay: "negative",
    });
    return writers[digits].format(value);
  }
  function span(r, ends, digits) {
    const [low, high] = ends.map((name) => r[name]);
    const [first, last] = [text(low, digits), text(high, digits)];
    if (ends[0].endsWith("_rank")) return low === high ? first : `${first}-${last}`;
    if (low === null && high === null) return "no bounds";
    if (low === null) return `at most ${last}`;
    return high === null ? `at least ${first}` : `${first} to ${last}`;
  }

  /* ---- what is chosen */
  const boardNow = () => boards.find((b) => b.key === state.board) || boards[0];
  function chosen(board) {
    const words = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    return rowsOf(board).filter((r) =>
      words.every((w) => String(r[find]).toLowerCase().includes(w)) &&
      (!by || !state.g || r[by] === state.g));
  }
  const KEYS = all("th[data-key]", table).map((h) => h.dataset.key);
  const order = () => (KEYS.includes(state.sort) ? [state.sort, state.dir === "desc"] : about.order);
  function sorted(rows) {
    const [key, down] = order();
    const turned = down ? -1 : 1;
    const open = (v) => (v === null ? -Infinity : v);
    return rows
      .map((r, place) => [r, place])
      .sort(([a, i], [b, j]) => {
        const [x, y] = [open(a[key]), open(b[key])];
        const first = typeof x === "string" ? x.localeCompare(y) : x === y ? 0 : x - y;
        return turned * first || i - j;
      })
      .map(([r]) => r);
  }

  /* ---- the table */
  const shaded = (r) => Boolean(shade) && r[shade] % 2 === 0;
  function line(r) {
    const made = pattern.cloneNode(true);
    made.className = shaded(r) ? "shade" : "";
    if (!made.className) made.removeAttribute("class");
    about.table.forEach(({ name, digits, ends }, n) => {
      const said = ends ? span(r, ends, digits) : text(r[name], digits);
      // As the page has it: letters of another direction do not turn what stands beside them.
      const holds = /^[\x00-\x7f]*$/.test(said) ? said : document.createElement("bdi");
      if (holds !== said) holds.textContent = said;
      made.cells[n].replaceChildren(holds);
    });
    return made;
  }
  function fillTable(board) {
    const rows = sorted(chosen(board));
    body.replaceChildren(...rows.map(line));
    const [key, down] = order();
    for (const head of all("th[data-key]", table)) {
      if (head.dataset.key !== key) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", down ? "descending" : "ascending");
    }
    const n = board.rows.length;
    one("#f-count").textContent = `${rows.length} of ${n} ${find}${n === 1 ? "" : "s"}`;
    one("#f-none").hidden = rows.length > 0;
  }

  /* ---- the chart and what is said of it */
  function fillWords(board) {
    one("figcaption h3", figure).textContent = board.title;
    one("figcaption .subtitle", figure).textContent = board.subtitle;
    const finding = one("figcaption .finding bdi", figure);
    if (finding) finding.textContent = board.says;
    for (const old of all(".foot > .said", figure)) old.remove();
    for (const note of board.notes) {
      const p = Object.assign(document.createElement("p"), { className: "said" });
      p.append(Object.assign(document.createElement("bdi"), { textContent: note }));
      one(".foot", figure).append(p);
    }
  }
  function drawn(rows, board) {
    return rows.map((r, n) => {
      const name = r[find];
      const made = { ...board.constants, place: n + 1, name: short[name] ?? name };
      made.shade = shaded(r);
      made.kind = kinds[name] ?? "";
      for (const [field, column] of Object.entries(fields)) made[field] = r[column];
      for (const [field, ends] of Object.entries(spans)) made[field] = span(r, ends, 0);
      return made;
    });
  }
  function fillChart(board) {
    const fitting = chosen(board);
    const rows = drawn(state.n === "all" ? fitting : fitting.slice(0, shown), board);
    const order = rows.map((r) => r.name);
    chart.spec = {
      ...spec,
      description: `${board.title}. ${board.subtitle}`,
      height: about.row_px * Math.max(1, rows.length),
      datasets: { [spec.data.name]: rows },
      params: spec.params.map((p) => (p.name === "order" ? { ...p, value: order } : p)),
    };
    chart.frame = board.frame;
    chart.data = { columns, rows: board.rows };
    chart.metadata = { ...described, ...board.about_it };
    const more = document.getElementById(`${about.slug}-more`);
    more.hidden = rows.length === fitting.length;
    more.textContent = `The chart shows ${rows.length} of ${fitting.length}; choose “every row” above for the rest.`;
  }
  async function redraw() {
    fillChart(boardNow());
    if (window.h2h.redraw) await window.h2h.redraw(chart);
    tell();
  }
  function tell() {
    figure.dataset.board = boardNow().key;
    figure.dataset.shown = chart.spec.datasets[spec.data.name].length;
  }
  let waiting = 0;
  function redrawSoon() {
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 160);
  }

  function restore() {
    const board = boardNow();
    if (controls.board) controls.board.value = board.key;
    controls.q.value = state.q || "";
    if (controls.g) controls.g.value = state.g || "";
    if (controls.n) controls.n.value = state.n === "all" ? "all" : "";
    fillTable(board);
    fillWords(board);
  }

  if (controls.g) {
    const groups = boards.flatMap((b) => rowsOf(b).map((r) => r[by])).filter(Boolean);
    for (const group of [...new Set(groups)].sort()) controls.g.add(new Option(group, group));
  }
  one("#f-shown").hidden = Math.max(...boards.map((b) => b.rows.length)) <= shown;
  one("#choose").hidden = false;
  one("#choose").addEventListener("submit", (event) => event.preventDefault());
  one("#choose").addEventListener("reset", (event) => {
    event.preventDefault();
    remember({ q: "", g: "", n: "" });
    restore();
    redraw();
  });
  controls.q.addEventListener("input", () => {
    remember({ q: controls.q.value });
    fillTable(boardNow());
    redrawSoon();
  });
  for (const key of ["board", "g", "n"]) {
    controls[key]?.addEventListener("change", () => {
      const value = controls[key].value;
      remember({ [key]: key === "board" && value === boards[0].key ? "" : value });
      restore();
      redraw();
    });
  }
  for (const head of all("th[data-key]", table)) {
    one("button", head).addEventListener("click", () => {
      const { key } = head.dataset;
      const first = about.falling.includes(key) ? "desc" : "";
      const again = head.hasAttribute("aria-sort");
      const now = head.getAttribute("aria-sort") === "descending" ? "desc" : "";
      remember({ sort: key, dir: again ? (now ? "" : "desc") : first });
      fillTable(boardNow());
    });
  }

  restore();
  fillChart(boardNow());
  tell();
  onState(() => { restore(); redraw(); });
})();
