"use strict";
/* The leaderboard: any board, filtered and sorted, in the chart and in the table. */
(() => {
  const { one, all, data, state, remember, onState } = window.h2h;
  const { boards, columns, short, kinds, shown, row_px: rowPx } = data.ranking;
  const chart = data.exhibits.find((e) => e.slug === "board");
  const spec = chart.spec;
  const about = chart.metadata;
  const figure = one("#board");
  const table = one("#standings");
  const body = one("tbody", table);
  const pattern = body.rows[0].cloneNode(true);
  const grouped = Boolean(one("th[data-key=model_group]", table));
  const flagged = Boolean(one("th[data-key=flag]", table));
  const controls = { board: one("#f-board"), q: one("#f-q"), g: one("#f-g"), n: one("#f-n") };
  const rowsOf = (board) =>
    board.rows.map((r) => Object.fromEntries(columns.map((name, n) => [name, r[n]])));

  /* ---- numbers as the page writes them elsewhere */
  const whole = new Intl.NumberFormat("en-US", {
    maximumFractionDigits: 0, roundingMode: "halfEven", signDisplay: "negative",
  });
  const places = (r) =>
    r.best_rank === r.worst_rank ? `${r.best_rank}` : `${r.best_rank}-${r.worst_rank}`;
  function span(low, high) {
    if (low === null && high === null) return "no bounds";
    if (high === null) return `at least ${whole.format(low)}`;
    if (low === null) return `at most ${whole.format(high)}`;
    return `${whole.format(low)} to ${whole.format(high)}`;
  }

  /* ---- what is chosen */
  const boardNow = () => boards.find((b) => b.key === state.board) || boards[0];
  function chosen(board) {
    const words = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    return rowsOf(board).filter((r) =>
      words.every((w) => r.model.toLowerCase().includes(w)) &&
      (!grouped || !state.g || r.model_group === state.g));
  }
  const KEYS = all("th[data-key]", table).map((h) => h.dataset.key);
  /* The lower the place the better, the higher the points the better: the first click shows the
     best first. */
  const DOWN = ["rating_elo", "joint_low_elo", "low_elo", "battles_n", "wins_n", "losses_n", "ties_n", "flag"];
  const order = () =>
    KEYS.includes(state.sort) ? [state.sort, state.dir === "desc"] : ["rating_elo", true];
  function sorted(rows) {
    const [key, down] = order();
    const turned = down ? -1 : 1;
    const open = (v) => (v === null ? -Infinity : v);
    return rows.sort((a, b) => {
      const [x, y] = [open(a[key]), open(b[key])];
      const first = typeof x === "string" ? x.localeCompare(y) : x === y ? 0 : x - y;
      return turned * first || a.rank - b.rank;
    });
  }

  /* ---- the table */
  function line(r) {
    const made = pattern.cloneNode(true);
    made.className = r.tie_group % 2 === 0 ? "shade" : "";
    if (!made.className) made.removeAttribute("class");
    const cells = [
      r.model, places(r), whole.format(r.rating_elo), span(r.joint_low_elo, r.joint_high_elo),
      span(r.low_elo, r.high_elo), r.tie_group, ...(grouped ? [r.model_group] : []),
      whole.format(r.battles_n), whole.format(r.wins_n),
      whole.format(r.losses_n), whole.format(r.ties_n), ...(flagged ? [r.flag] : []),
    ];
    cells.forEach((text, n) => {
      (one("bdi", made.cells[n]) || made.cells[n]).textContent = text;
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
    one("#f-count").textContent = `${rows.length} of ${board.rows.length} model${board.rows.length === 1 ? "" : "s"}`;
    one("#f-none").hidden = rows.length > 0;
  }

  /* ---- the chart and what is said of it */
  function fillWords(board) {
    one("#board-title").textContent = board.title;
    one("#board-subtitle").textContent = board.subtitle;
    one("#board-says bdi").textContent = board.says;
    const notes = all(".foot > p", figure).slice(2);
    for (const old of notes) old.remove();
    for (const note of board.notes) {
      const p = document.createElement("p");
      p.append(Object.assign(document.createElement("bdi"), { textContent: note }));
      one(".foot", figure).append(p);
    }
  }
  function drawn(rows, board) {
    return rows.map((r, n) => ({
      place: n + 1, name: short[r.model] ?? r.model, value: r.rating_elo, low: r.low_elo,
      high: r.high_elo, wide_low: r.joint_low_elo, wide_high: r.joint_high_elo,
      reach: board.reach, shade: r.tie_group % 2 === 0, kind: kinds[r.model] ?? "",
      beside: places(r), votes: r.battles_n, tie: r.tie_group, flag: r.flag,
    }));
  }
  function fillChart(board) {
    const fitting = chosen(board);
    const rows = drawn(state.n === "all" ? fitting : fitting.slice(0, shown), board);
    const order = rows.map((r) => r.name);
    chart.spec = {
      ...spec,
      description: `${board.title}. ${board.subtitle}`,
      height: rowPx * Math.max(1, rows.length),
      datasets: { [spec.data.name]: rows },
      params: spec.params.map((p) => (p.name === "order" ? { ...p, value: order } : p)),
    };
    chart.frame = board.frame;
    chart.data = { columns, rows: board.rows };
    chart.metadata = { ...about, ...board.about_it };
    const more = one("#board-more");
    more.hidden = rows.length === fitting.length;
    more.textContent = `The chart shows ${rows.length} of ${fitting.length} models; choose “every model” above for the rest.`;
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
      const first = DOWN.includes(key) ? "desc" : "";
      const again = head.hasAttribute("aria-sort");
      const now = head.getAttribute("aria-sort") === "descending" ? "desc" : "";
      remember({ sort: key, dir: again ? (now ? "" : "desc") : first });
      fillTable(boardNow());
    });
  }

  /* ---- the other tables sort too */
  const amount = (text) => Number.parseFloat(text.replace(/[,+]/g, "").replace("−", "-"));
  function sortable(other) {
    other.classList.add("sortable");
    const heads = all("thead th", other);
    heads.forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sorter";
      const arrow = Object.assign(document.createElement("span"), { className: "arrow" });
      arrow.setAttribute("aria-hidden", "true");
      button.append(head.textContent, arrow);
      head.replaceChildren(button);
      head.classList.toggle("num", Boolean(one(`tbody tr td.num:nth-child(${place + 1})`, other)));
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const h of heads) h.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const text = (row) => row.cells[place].textContent.trim();
        const rows = [...other.tBodies[0].rows].sort((a, b) => {
          const [x, y] = [amount(text(a)), amount(text(b))];
          const first = Number.isNaN(x) || Number.isNaN(y)
            ? Number.isNaN(x) - Number.isNaN(y) || text(a).localeCompare(text(b))
            : x - y;
          return up ? first : -first;
        });
        other.tBodies[0].append(...rows);
      });
    });
  }
  for (const other of all("table.data:not(#standings)")) sortable(other);

  restore();
  fillChart(boardNow());
  tell();
  onState(() => { restore(); redraw(); });
})();
