"use strict";
/* What a page of a site can do beyond one that stands alone. None of it is needed to read it. */
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const asked = new URLSearchParams(location.search);

  /* ---- the day of knowledge: a slider that leads to the same page as it was on another day */
  const form = one("#known-by");
  const slider = form && one(".slider", form);
  if (slider) {
    const stops = slider.dataset.days.split(" ").map((stop) => stop.split("="));
    const [range, out] = [one("input", slider), one("output", slider)];
    const show = () => {
      out.textContent = stops[range.value][0];
      range.setAttribute("aria-valuetext", stops[range.value][0]);
    };
    range.value = String(stops.findIndex(([day]) => day === form.dataset.day));
    show();
    slider.hidden = false;
    for (const stated of all(".stated", form)) stated.hidden = true;
    range.addEventListener("input", show);
    range.addEventListener("change", () => location.assign(stops[range.value][1] + location.hash));
  }

  /* ---- an address that says what the page held when it was cited */
  const permanent = one("#permanent");
  const cited = asked.get("content");
  if (permanent && cited && cited !== permanent.dataset.content) one("#other-content").hidden = false;

  /* ---- a frame stands on another site, which needs the whole address */
  const code = one("#embed-code");
  if (code && location.protocol.startsWith("http")) {
    const { frame } = code.dataset;
    code.textContent = code.textContent.replace(`src="${frame}"`, `src="${new URL(frame, location.href)}"`);
  }

  /* ---- the page of every page finds in itself, where no server does */
  const list = one("#every-page");
  if (list) {
    const plain = (text) => text.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
    const entries = all("li", list).map((item) => ({ item, text: plain(item.textContent) }));
    const [box, head, says] = [one(".search input"), one("#title bdi"), one("#answer bdi")];
    const before = [head.textContent, says.textContent];
    const find = () => {
      const text = box.value.trim();
      const words = plain(text).split(" ");
      const found = entries.filter(({ text: own }) => words.every((word) => own.includes(word)));
      for (const { item } of entries) item.hidden = true;
      for (const { item } of found) item.hidden = false;
      // The shortest name says nothing beyond what was asked for.
      const order = text ? found.toSorted((x, y) => x.text.length - y.text.length) : entries;
      list.append(...order.map(({ item }) => item));
      const pages = found.length === 1 ? "1 page" : `${found.length} pages`;
      [head.textContent, says.textContent] = !text ? before : found.length
        ? [`${pages} for “${text}”`, `The nearest is ${order[0].item.textContent}.`]
        : [`No page for “${text}”`, "Try a part of the name of a model, of a lab, or a word of a claim."];
    };
    if (asked.get("q")) {
      box.value = asked.get("q");
      find();
    }
    box.addEventListener("input", find);
    box.form.addEventListener("submit", (event) => event.preventDefault());
  }

  /* ---- the menu closes as menus do */
  const menu = one("details.menu");
  if (menu) {
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      one("summary", menu).focus();
    });
    addEventListener("click", (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  }
})();
