"use strict";
/* What the pages of an arena do by themselves; every step works as a plain form without it. */
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* ---- light and dark: at once, before anything is drawn */
  const THEMES = ["system", "light", "dark"];
  const kept = () => { try { return localStorage.getItem("h2h-theme") || "system"; } catch { return "system"; } };
  function wear(theme) {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
  wear(kept());

  function themes() {
    const button = one("#theme");
    button.hidden = false;
    const label = () => { button.textContent = `Theme: ${kept()}`; };
    button.addEventListener("click", () => {
      const next = THEMES[(THEMES.indexOf(kept()) + 1) % THEMES.length];
      try { localStorage.setItem("h2h-theme", next); } catch { /* it holds for this page */ }
      wear(next);
      label();
    });
    label();
  }

  /* ---- keys 1 to 4 vote, unless somebody is writing */
  function keys() {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (event.target.matches("textarea, select, input[type=text]")) return;
      const button = one(`#vote [aria-keyshortcuts="${CSS.escape(event.key)}"]`);
      if (!button || button.disabled) return;
      event.preventDefault();
      button.click();
    });
    // A second press must not send a second vote.
    one("#vote")?.addEventListener("submit", (event) => {
      if (event.target.dataset.sent) event.preventDefault();
      event.target.dataset.sent = "yes";
    });
    window.addEventListener("pageshow", () => { delete one("#vote")?.dataset.sent; });
  }

  /* ---- answers that are being written */
  function stream() {
    const address = document.body.dataset.stream;
    if (!address) return;
    const source = new EventSource(address);
    const last = (side) => all(`.text[data-side="${side}"]`).pop();
    for (const side of ["left", "right"]) {
      source.addEventListener(side, (event) => {
        const place = last(side);
        if (!place.classList.contains("plain")) {
          place.classList.add("plain");
          place.textContent = "";
          one("#told").textContent = "";
        }
        place.append(JSON.parse(event.data).text);
      });
    }
    source.addEventListener("waiting", (event) => { one("#told").textContent = JSON.parse(event.data).said; });
    source.addEventListener("done", (event) => {
      source.close();
      const { left, right } = JSON.parse(event.data);
      // Made safe by the server, which alone knows how; no script could run here in any case.
      for (const [side, html] of [["left", left], ["right", right]]) {
        const place = last(side);
        place.classList.remove("plain");
        place.innerHTML = html;
      }
      for (const button of all(".votes button")) button.disabled = false;
      const ask = one("#ask");
      if (ask) ask.hidden = false;
      one("#told").textContent = "Both answers are complete. Keys 1 to 4 vote.";
    });
    source.addEventListener("failed", (event) => {
      source.close();
      const note = one("#trouble");
      note.textContent = `${JSON.parse(event.data).said} This battle is not counted. `;
      const again = document.createElement("a");
      again.href = "/";
      again.textContent = "Go on with another question";
      note.append(again);
      note.hidden = false;
      for (const waiting of all(".waiting")) waiting.textContent = "No answer.";
    });
    source.onerror = () => {
      // The browser asks again by itself; a stream that is closed for good says why on its page.
      if (source.readyState === EventSource.CLOSED) location.reload();
    };
  }

  /* ---- the leaderboard: choices at once, and new votes as they come */
  const WAIT_MS = 5000;
  function board() {
    const form = one("#filters");
    if (!form) return;
    one("button", form).hidden = true;
    form.addEventListener("change", (event) => {
      if (event.target.id === "until") {
        const days = event.target.dataset.days.split(" ");
        const last = Number(event.target.value) === days.length - 1;
        one("[name=until]", form).value = last ? "" : days[event.target.value];
      }
      form.requestSubmit();
    });
    one("#until")?.addEventListener("input", (event) => {
      one("#until-day").textContent = event.target.dataset.days.split(" ")[event.target.value];
    });
    const known = ({ count, acts }) => `${count} ${acts}`;
    let shown = known(document.body.dataset);
    async function look() {
      if (document.hidden) return;
      try {
        const { votes, acts } = await (await fetch(document.body.dataset.live)).json();
        if (known({ count: votes, acts }) === shown) return;
        const fresh = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
        one("#live").replaceWith(one("#live", fresh));
        for (const id of ["#finding", "#finding-more"]) one(id).textContent = one(id, fresh).textContent;
        shown = known(fresh.body.dataset);
      } catch { /* the server is away; the page stays as it is */ }
    }
    setInterval(look, WAIT_MS);
  }

  document.addEventListener("DOMContentLoaded", () => {
    themes();
    keys();
    stream();
    board();
  });
})();
