"use strict";
/* The page without its charts: state in the address, scorecard, cards, copying, theme, print. */
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const STATE_KEYS = ["c", "t", "sort", "dir", "sec", "v", "q"];

  /* State lives in the hash as c=chart&t=day&...; a hash without "=" is an ordinary anchor. */
  const state = {};
  function stateInHash() {
    const hash = location.hash.slice(1);
    if (!hash.includes("=")) return null;
    const given = new URLSearchParams(hash);
    return Object.fromEntries(STATE_KEYS.filter((k) => given.get(k)).map((k) => [k, given.get(k)]));
  }
  function remember(changes) {
    Object.assign(state, changes);
    const kept = STATE_KEYS.filter((k) => state[k]).map((k) => [k, state[k]]);
    history.replaceState(null, "", "#" + new URLSearchParams(kept));
  }

  /* ---- scorecard */
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
      if (row) location.hash = row.dataset.anchor;
    });
  }

  /* ---- cards: an anchor opens the card it points at, and whatever holds it */
  function openTarget() {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { return; }
    const target = id && !id.includes("=") ? document.getElementById(id) : null;
    if (!target) return;
    for (let node = target; node; node = node.parentElement) {
      if (node instanceof HTMLDetailsElement) node.open = true;
    }
    for (const card of all(".claim.shown")) card.classList.remove("shown");
    if (target.matches(".claim")) {
      target.classList.add("shown");
      one("summary", target).focus({ preventScroll: true });
    }
    target.scrollIntoView({ block: "start" });
  }

  /* ---- copying; a page opened from a file may lack the clipboard, then the text is selected */
  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const label = button.dataset.label || button.textContent;
    button.dataset.label = label;
    let done = true;
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      getSelection().selectAllChildren(source);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Selected: press Ctrl+C";
    setTimeout(() => { button.textContent = label; }, 2500);
  }
  for (const button of all("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }

  /* ---- theme: as the system says, or by choice */
  const theme = one("#theme");
  const THEMES = ["auto", "light", "dark"];
  function paint(choice) {
    if (choice === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    theme.textContent = `Theme: ${choice}`;
  }
  function stored() {
    try { return localStorage.getItem("h2h-theme"); } catch { return null; }
  }
  let chosen = THEMES.includes(stored()) ? stored() : "auto";
  paint(chosen);
  theme.hidden = false;
  theme.addEventListener("click", () => {
    chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
    try { localStorage.setItem("h2h-theme", chosen); } catch { /* the choice lasts for this page */ }
    paint(chosen);
  });

  /* ---- print with every card open, though only at its leading time */
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details.claim:not([open])");
    for (const d of opened) d.open = true;
  });
  addEventListener("afterprint", () => { for (const d of opened) d.open = false; });

  const followers = [];
  function follow() {
    const given = stateInHash();
    if (given) {
      for (const key of STATE_KEYS) delete state[key];
      Object.assign(state, given);
      applyScorecard();
      for (const call of followers) call();
    } else openTarget();
  }
  addEventListener("hashchange", follow);
  Object.assign(state, stateInHash() || {});
  applyScorecard();
  openTarget();

  /* Charts drawn later push the target away; it is found again unless the reader has moved on. */
  let moved = false;
  for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    addEventListener(kind, () => { moved = true; }, { once: true, passive: true });
  }
  const settle = () => { if (!moved) openTarget(); };
  /* The browser's own jump to the anchor comes with the load event and takes the focus along. */
  addEventListener("load", () => setTimeout(settle));
  window.h2h = { one, all, state, remember, settle, onState: (call) => followers.push(call) };
})();
