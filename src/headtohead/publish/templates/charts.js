"use strict";
/* The charts: drawn from embedded data, moved by their slider, taken away as files. */
(() => {
  const { one, all, data, state, remember, settle, open, onState, onUnfold } = window.h2h;
  const { page, print, exhibits } = data;
  const views = {};

  /* Vega runs its expressions through an interpreter, so the page needs no eval; its loader is
     refused, so no chart can fetch anything. */
  const refuse = () => Promise.reject(new Error("charts load nothing"));
  const options = (config, columns) => ({
    mode: "vega-lite", ast: true, actions: false, renderer: "svg", defaultStyle: false,
    logLevel: 1, // errors only: a slider at its start leaves some layers empty, which Vega warns of
    config: { ...config, legend: { ...config.legend, columns } },
    loader: { load: refuse, sanitize: refuse, http: refuse, file: refuse },
    tooltip: { disableDefaultStyle: true, theme: "ours" },
  });
  const columnsFor = (place) => Math.max(1, Math.floor((place.clientWidth - 140) / 110));
  const figureOf = (slug) => document.getElementById(slug);

  /* ---- slider */
  const dayMs = (day) => Date.parse(day + "T00:00:00Z");
  async function showDay(x, place, { write }) {
    const slider = document.getElementById(`${x.slug}-seen`);
    const day = x.days[place];
    slider.value = String(place);
    slider.setAttribute("aria-valuetext", day);
    document.getElementById(`${x.slug}-day`).textContent = day;
    if (write) remember({ c: x.slug, t: day });
    if (views[x.slug]) await views[x.slug].signal("seen_on", dayMs(day)).runAsync();
    figureOf(x.slug).dataset.day = day;
  }
  const lastPlace = (x, day) => Math.max(0, x.days.findLastIndex((d) => d <= day));
  function wireSlider(x) {
    const slider = document.getElementById(`${x.slug}-seen`);
    if (!slider) return;
    slider.closest(".slider").hidden = false;
    slider.addEventListener("input", () => showDay(x, Number(slider.value), { write: true }));
  }
  async function restore({ scroll }) {
    const x = exhibits.find((e) => e.slug === state.c);
    if (!x || !figureOf(x.slug)) return;
    if (folded(x)) open(figureOf(x.slug));
    await present(x);
    if (x.days.length && /^\d{4}-\d{2}-\d{2}$/.test(state.t || "")) {
      await showDay(x, lastPlace(x, state.t), { write: false });
    }
    if (scroll) figureOf(x.slug).scrollIntoView({ block: "start" });
  }

  /* ---- files */
  function save(name, type, content) {
    const blob = content instanceof Blob ? content : new Blob([content], { type });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
  /* A cell that a spreadsheet would read as a formula gets an apostrophe. */
  function csvCell(value) {
    if (value === null || value === undefined) return "";
    let text = String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }
  const csv = ({ columns, rows }) =>
    [columns, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";

  /* The chart alone, with its title above and its sources below, in the colours of print. */
  function framed({ spec, frame }) {
    const { params, datasets, background, ...inner } = spec;
    return {
      title: frame.title, params, datasets, background: frame.background, padding: 20,
      vconcat: [{ ...inner, width: 760, title: frame.footer }],
    };
  }
  async function exported(x) {
    const place = document.createElement("div");
    place.className = "aside";
    place.setAttribute("aria-hidden", "true");
    document.body.append(place);
    const made = await vegaEmbed(place, framed(x), options(print, 6));
    if (x.days.length) {
      const day = document.getElementById(`${x.slug}-day`).textContent;
      await made.view.signal("seen_on", dayMs(day)).runAsync();
    }
    return { view: made.view, done: () => { made.finalize(); place.remove(); } };
  }
  async function png(x) {
    const { view, done } = await exported(x);
    const canvas = await view.toCanvas(2);
    canvas.toBlob((blob) => { save(`${x.slug}.png`, "image/png", blob); done(); }, "image/png");
  }
  async function svg(x) {
    const { view, done } = await exported(x);
    save(`${x.slug}.svg`, "image/svg+xml", await view.toSVG());
    done();
  }
  function cite(x) {
    one("#citation-plain").textContent = x.metadata.citation;
    one("#citation-bibtex").textContent = x.metadata.bibtex;
    one("#citation").showModal();
  }
  const DEEDS = {
    png, svg, cite,
    csv: (x) => save(`${x.slug}.csv`, "text/csv;charset=utf-8", csv(x.data)),
    metadata: (x) =>
      save(`${x.slug}.metadata.json`, "application/json", JSON.stringify(x.metadata, null, 2) + "\n"),
  };
  function wireButtons(x) {
    const group = one(".buttons", figureOf(x.slug));
    group.hidden = false;
    for (const button of all("button", group)) {
      button.addEventListener("click", () => DEEDS[button.dataset.do](x));
    }
  }

  /* Draw a chart, or draw it anew after its specification changed: one drawing after the other. */
  function draw(x) {
    x.drawing = (x.drawing ?? Promise.resolve()).then(() => embed(x));
    return x.drawing;
  }
  async function embed(x) {
    const place = document.getElementById(`${x.slug}-chart`);
    if (!x.spec || !place) return;
    views[x.slug]?.finalize();
    const { view } = await vegaEmbed(place, x.spec, options(page, columnsFor(place)));
    views[x.slug] = view;
    await fit(x);
  }
  async function fit(x) {
    const place = document.getElementById(`${x.slug}-chart`);
    await views[x.slug].signal("roomy", place.clientWidth > 480).runAsync();
  }

  const folded = (x) => Boolean(one(":scope > template", figureOf(x.slug)));
  /* Everything a figure can do, once; a folded one is drawn when it is opened. */
  let waiting = 0;
  function present(x) {
    x.presented ??= (async () => {
      document.documentElement.dataset.charts = "drawing";
      waiting += 1;
      wireButtons(x);
      await draw(x);
      if (views[x.slug]) {
        addEventListener("resize", () => fit(x));
        wireSlider(x);
      }
      waiting -= 1;
      if (!waiting) document.documentElement.dataset.charts = "drawn";
    })();
    return x.presented;
  }
  onUnfold((details) => {
    const x = exhibits.find((e) => e.slug === details.id);
    if (x) present(x).then(settle);
  });

  async function drawAll() {
    for (const x of exhibits) if (!folded(x)) await present(x);
    await restore({ scroll: true });
    settle();
    onState(() => restore({ scroll: true }));
    document.documentElement.dataset.charts = "drawn";
  }
  window.h2h.redraw = draw;
  drawAll();
})();
