"use strict";
/* What every page shares: state in the address, anchors, copying, theme, print. */
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const data = JSON.parse(one("#h2h-data").textContent);
  const STATE_KEYS = ["c", "t", "sort", "dir", "sec", "v", "q", "board", "g", "n"];

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

  /* ---- what a folded page keeps in a template comes out when it is opened */
  const unfolders = [];
  function unfold(details) {
    const kept = one(":scope > template", details);
    if (!kept) return;
    kept.replaceWith(kept.content);
    for (const call of unfolders) call(details);
  }
  function open(details) {
    details.open = true;
    unfold(details);
  }
  document.addEventListener("toggle", (event) => {
    if (event.target.open) unfold(event.target);
  }, true); // toggle does not bubble

  /* ---- an anchor opens the card it points at, and whatever holds it */
  function found(id) {
    for (const kept of all("details > template")) {
      if (kept.content.getElementById(id)) unfold(kept.parentElement);
    }
    return document.getElementById(id);
  }
  function openTarget() {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { return; }
    const target = id && !id.includes("=") ? found(id) : null;
    if (!target) return;
    for (let node = target; node; node = node.parentElement) {
      if (node instanceof HTMLDetailsElement) open(node);
    }
    for (const card of all(".claim.shown")) card.classList.remove("shown");
    if (target.matches(".claim")) {
      target.classList.add("shown");
      one("summary", target).focus({ preventScroll: true });
    }
    target.scrollIntoView({ block: "start" });
  }

  /* ---- copying; a page opened from a file may lack the clipboard, then the text is selected */
  /* What is copied: from a server, with the address of the page. */
  function taken(source) {
    const more = source.dataset.more;
    const text = source.textContent + (more ? ` ${more}` : "");
    /* A page of a site knows the address that says what it held. */
    const lasting = one("#permanent");
    if (source === lasting) return source.href;
    const here = lasting ? lasting.href : location.href.split("#")[0];
    const page = location.protocol.startsWith("http") ? here : "";
    if (source.tagName === "PRE") {
      return page ? text.replace("\n  note =", `\n  url = {${page}},\n  note =`) : text;
    }
    const card = source.closest(".claim");
    if (lasting && page && source.id === "cite-plain") return `${text} ${page}`;
    const place = card ? card.id : more && source.id;
    return page && place ? `${text} ${page}#${place}` : text;
  }
  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const label = button.dataset.label || button.textContent;
    button.dataset.label = label;
    let done = true;
    try {
      await navigator.clipboard.writeText(taken(source));
    } catch {
      getSelection().selectAllChildren(source);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Selected: press Ctrl+C";
    setTimeout(() => { button.textContent = label; }, 2500);
  }
  function wireCopies(root) {
    for (const button of all("button.copy", root)) {
      button.hidden = false;
      button.addEventListener("click", () => copy(button));
    }
  }
  wireCopies(document);
  unfolders.push(wireCopies);

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

  /* ---- print with every card open, though only at its leading time; a folded page as it stands */
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details.claim:not([open]):not(:has(> template))");
    for (const d of opened) d.open = true;
  });
  addEventListener("afterprint", () => { for (const d of opened) d.open = false; });

  const followers = [];
  function follow() {
    const given = stateInHash();
    if (given) {
      for (const key of STATE_KEYS) delete state[key];
      Object.assign(state, given);
      for (const call of followers) call();
    } else openTarget();
  }
  addEventListener("hashchange", follow);
  Object.assign(state, stateInHash() || {});
  openTarget();

  /* Charts drawn later push the target away; it is found again unless the reader has moved on. */
  let moved = false;
  for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    addEventListener(kind, () => { moved = true; }, { once: true, passive: true });
  }
  const settle = () => { if (!moved) openTarget(); };
  /* The browser's own jump to the anchor comes with the load event and takes the focus along. */
  addEventListener("load", () => setTimeout(settle));
  window.h2h = {
    one, all, data, state, remember, settle, open, onState: (call) => followers.push(call),
    onUnfold: (call) => unfolders.push(call),
  };
})();
