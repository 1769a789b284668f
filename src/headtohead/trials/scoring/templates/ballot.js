"use strict";
/* Blind votes: shows one item at a time, keeps every vote in this browser, writes a file of them. */
(() => {
  const by = (id) => document.getElementById(id);
  const { ballot, items } = JSON.parse(by("ballot").textContent);
  const store = "h2h-ballot-" + ballot;
  const choices = ["first", "second", "tie", "both_bad"];
  const buttons = [...document.querySelectorAll("[data-vote]")];

  /* ---- state: votes[code] = [vote, milliseconds] */
  const state = { voter: "", name: "", at: 0, votes: {}, unsaved: false };
  let keeps = true;
  try {
    const kept = JSON.parse(localStorage.getItem(store) || "{}");
    Object.assign(state, kept && typeof kept === "object" ? kept : {});
  } catch {
    keeps = false;
  }
  const known = new Set(items.map((item) => item.code));
  const fits = ([code, vote]) => known.has(code) && Array.isArray(vote)
    && choices.includes(vote[0]) && Number.isInteger(vote[1]) && vote[1] >= 0;
  state.votes = Object.fromEntries(Object.entries(state.votes || {}).filter(fits));
  state.at = Number.isInteger(state.at) ? Math.min(Math.max(state.at, 0), items.length - 1) : 0;
  state.name = String(state.name || "");
  if (!/^[0-9a-f]{16}$/.test(state.voter)) {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    state.voter = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  }
  function keep() {
    try {
      localStorage.setItem(store, JSON.stringify(state));
    } catch {
      keeps = false;
    }
    warn();
  }
  function warn() {
    by("note").hidden = keeps;
    by("note").textContent = keeps ? ""
      : "This browser keeps nothing when the page is closed: save your votes before you leave.";
  }

  /* ---- time counts only while the page is seen */
  let seen = 0;
  let since = performance.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) seen += performance.now() - since;
    since = performance.now();
  });
  const looked = () => Math.round(seen + (document.hidden ? 0 : performance.now() - since));

  /* ---- showing */
  function show(at, focus) {
    state.at = at;
    seen = 0;
    since = performance.now();
    const item = items[at];
    by("request").textContent = item.request;
    by("first").textContent = item.first;
    by("second").textContent = item.second;
    by("back").disabled = at === 0;
    by("next").disabled = at === items.length - 1;
    const vote = (state.votes[item.code] || [])[0];
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.vote === vote));
    }
    const done = Object.keys(state.votes).length;
    by("where").textContent = `Item ${at + 1} of ${items.length}`;
    by("bar").max = items.length;
    by("bar").value = done;
    by("count").textContent = done === items.length
      ? `All ${done} voted: save your votes` : `${done} of ${items.length} voted`;
    by("save").disabled = done === 0;
    by("save").classList.toggle("ready", done === items.length && state.unsaved);
    if (focus) {
      by("main").scrollTop = 0;
      by("main").focus({ preventScroll: true });
    }
    keep();
  }
  function vote(choice) {
    const code = items[state.at].code;
    const before = (state.votes[code] || [null, 0])[1];
    state.votes[code] = [choice, before + looked()];
    state.unsaved = true;
    const open = (item) => !(item.code in state.votes);
    const later = items.findIndex((item, at) => at > state.at && open(item));
    const any = items.findIndex(open);
    show(later >= 0 ? later : any >= 0 ? any : state.at, true);
  }
  function move(step) {
    const to = state.at + step;
    if (to >= 0 && to < items.length) show(to, true);
  }

  /* ---- the file; its check finds damage and slips of an editor, not forgery */
  function check(text) {
    let sum = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(text)) {
      sum = Math.imul(sum ^ byte, 0x01000193) >>> 0;
    }
    return sum.toString(16).padStart(8, "0");
  }
  function save() {
    const saved = new Date().toISOString();
    const name = state.name.replace(/\s+/g, " ").trim();
    const votes = items.filter((item) => item.code in state.votes)
      .map((item) => [item.code, ...state.votes[item.code]]);
    const lines = [ballot, state.voter, name, saved, ...votes.map((v) => v.join(" "))];
    const file = {
      format: "h2h-votes-1", ballot, voter: state.voter, name, saved, votes,
      check: check(lines.join("\n")),
    };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
    link.download = `votes-${ballot.slice(0, 8)}-${state.voter.slice(0, 6)}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    state.unsaved = false;
    show(state.at, false);
  }

  /* ---- what people do */
  for (const button of buttons) button.addEventListener("click", () => vote(button.dataset.vote));
  by("back").addEventListener("click", () => move(-1));
  by("next").addEventListener("click", () => move(1));
  by("save").addEventListener("click", save);
  by("name").value = state.name;
  by("name").addEventListener("input", () => { state.name = by("name").value; state.unsaved = true; keep(); });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target instanceof HTMLInputElement) return;
    const choice = choices[Number(event.key) - 1];
    if (choice) vote(choice);
    else if (event.key === "ArrowLeft") move(-1);
    else if (event.key === "ArrowRight") move(1);
    else return;
    event.preventDefault();
  });
  addEventListener("beforeunload", (event) => {
    if (!keeps && state.unsaved) event.preventDefault();
  });
  const themes = ["system", "light", "dark"];
  let theme = 0;
  by("theme").addEventListener("click", () => {
    theme = (theme + 1) % themes.length;
    if (theme) document.documentElement.dataset.theme = themes[theme];
    else delete document.documentElement.dataset.theme;
    by("theme").textContent = `Theme: ${themes[theme]}`;
  });
  show(state.at, false);
})();
