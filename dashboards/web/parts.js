// What views are made of: panels with their own deadline and their own error, stats, tables, marks.
import { add, announce, fill, h, icon, svg, unseen } from "./dom.js";
import { address } from "./state.js";
import { Problem } from "./http.js";
import * as f from "./format.js";

/** A link within the page. `patch` is what it changes of the address. */
export function link(patch, attributes, ...children) {
  return h("a", { href: address(patch), data: { inside: "" }, ...attributes }, ...children);
}

export function button(label, act, attributes = {}, ...more) {
  return h("button.button", { type: "button", on: { click: act }, ...attributes }, label, ...more);
}

/**
 * Something that is read from the server, for one panel or several. A refresh keeps what is shown until the new one is there, and
 * keeps it too if that fails, with its age.
 */
export class Source {
  value = null;
  at = null;
  problem = null;
  isLoading = false;
  #listeners = new Set();
  #run = 0;

  constructor(read, signal) {
    this.read = read;
    this.signal = signal;
  }

  listen(act) {
    this.#listeners.add(act);
    act(this);
  }

  async load() {
    const run = ++this.#run;
    this.isLoading = true;
    this.#tell();
    try {
      const value = await this.read(this.signal);
      if (run !== this.#run || this.signal.aborted) return;
      this.value = value;
      this.at = new Date();
      this.problem = null;
    } catch (error) {
      if (run !== this.#run || this.signal.aborted || error.kind === "left") return;
      this.problem = error instanceof Problem ? error : new Problem("server", "The page made a mistake: " + error.message);
      if (!(error instanceof Problem)) console.error(error);
    }
    this.isLoading = false;
    this.#tell();
  }

  #tell() {
    for (const act of this.#listeners) act(this);
  }
}

/**
 * A titled part of a view that shows a source. `draw` makes its content; `empty` says what would fill it, or nothing where there
 * is something to draw.
 */
export function panel(title, source, draw, { empty, note, actions, bars = 4, kind = "", level = 2 } = {}) {
  const id = "panel-" + title.toLowerCase().replace(/[^a-z]+/g, "-");
  const body = h("div.panel-body");
  const head = h("div.panel-head", null, h("h" + level, { id }, title), actions ? h("div.panel-actions", null, actions) : null);
  const section = h("section.panel", { "aria-labelledby": id, class: kind }, head, note ? h("p.note", null, note) : null, body);
  let drawn = null;
  source.listen((now) => {
    section.setAttribute("aria-busy", String(now.isLoading));
    if (now.value === null) {
      if (now.problem) fill(body, trouble(now.problem, () => now.load()));
      else fill(body, skeleton(bars));
      return;
    }
    if (now.value !== drawn) {
      drawn = now.value;
      const held = body.contains(document.activeElement) ? [...body.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement) : -1;
      try {
        fill(body, empty?.(now.value) ?? draw(now.value));
        // Whoever stands here with the keyboard goes on from here.
        if (held >= 0) body.querySelectorAll(FOCUSABLE)[held]?.focus({ preventScroll: true });
      } catch (error) {
        console.error(error);
        fill(body, trouble(new Problem("server", "The page could not show this answer: " + error.message), () => now.load()));
      }
    }
    body.querySelector(":scope > .stale")?.remove();
    if (now.problem) {
      body.prepend(
        h("p.stale", { role: "status" }, icon("warning"), h("span", null,
          `These figures are from ${f.ago(now.at)}; reading them again failed: ${now.problem.message} `),
          button("Try again", () => now.load(), { class: "small" })),
      );
    }
  });
  return section;
}

const FOCUSABLE = "a[href], button, select, input, summary, [tabindex='0']";

export function skeleton(bars = 4) {
  return h("div.skeleton", { "aria-hidden": "true" },
    Array.from({ length: bars }, (_, index) => h("div.bone", { vars: { "--width": [92, 74, 84, 58, 66, 79][index % 6] + "%" } })));
}

const TITLES = {
  denied: "Not for this key",
  missing: "Not there",
  late: "It took too long",
  unreachable: "No connection",
  busy: "Busy at the moment",
  invalid: "The request was not accepted",
  server: "Something went wrong",
  "signed-out": "Signed out",
};

/** What failed, in words, with a way to try again. */
export function trouble(problem, again) {
  return h("div.trouble", { role: "alert", class: problem.kind },
    h("p.trouble-title", null, icon(problem.kind === "denied" ? "idle" : "bad"), TITLES[problem.kind] ?? TITLES.server),
    h("p", null, problem.message),
    problem.errors?.length ? h("ul", null, problem.errors.map((fault) => h("li", null, h("b", null, fault.parameter), " ", fault.message))) : null,
    problem.retry ? h("p.note", null, `It can be asked again in ${problem.retry} s.`) : null,
    again && problem.kind !== "denied" && problem.kind !== "missing" ? button("Try again", again) : null,
  );
}

export function nothing(text, ...more) {
  return h("div.nothing", null, h("p", null, text), ...more);
}

/** A command to run, with a button that copies it. */
export function command(text) {
  return h("div.command", null, h("code", { tabindex: "0" }, text), copyButton(text, "Copy the command"));
}

export function copyButton(text, label, { shown = null } = {}) {
  const words = h("span", { class: shown ? "" : "unseen" }, shown ?? label);
  const element = h("button.button.copy", { type: "button", "aria-label": shown ? null : label, title: label }, icon("copy"), shown ? words : null);
  element.addEventListener("click", async () => {
    const isCopied = await copy(text);
    element.classList.toggle("done", isCopied);
    announce(isCopied ? "Copied." : "Copying is not allowed here; select the text instead.");
    toast(isCopied ? "Copied" : "Copying is not allowed here; select the text instead.");
    setTimeout(() => element.classList.remove("done"), 1500);
  });
  return element;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS there is no clipboard interface, on other machines than this one.
    const field = h("textarea.unseen", { "aria-hidden": "true" });
    field.value = text;
    const place = document.querySelector("dialog[open]") ?? document.body;
    place.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    return isCopied;
  }
}

export function toast(text) {
  const place = document.getElementById("toasts");
  const note = h("div.toast", null, text);
  // Above a dialog, which is in the top layer.
  (document.querySelector("dialog[open] .dialog-body") ?? place).append(note);
  setTimeout(() => note.remove(), 4000);
}

export function time(state, text, { isLong = false } = {}) {
  if (!text) return h("span", null, "never");
  return h("time", { datetime: text, title: f.timeIn(state.tz, text, true) }, isLong ? f.timeIn(state.tz, text, true) : f.timeIn(state.tz, text));
}

/** Money as words, exact when pointed at; a star where a part of it is an estimate. */
export function money(text, estimated = null) {
  const isEstimated = estimated !== null && (f.nanos(estimated) ?? 0n) > 0n;
  const title = f.moneyExact(text) + (isEstimated ? `, of which ${f.moneyExact(estimated)} estimated` : "");
  return h("span.figure", { title }, f.money(text), isEstimated ? [h("span.star", { "aria-hidden": "true" }, "*"), unseen(" including estimates")] : null);
}

export function change(value, { isGood = null, before = null } = {}) {
  if (value === null || value === undefined) return h("span.change", null, "nothing to compare with");
  const percent = Math.abs(value);
  const word = value > 0.0005 ? "up" : value < -0.0005 ? "down" : "same";
  if (word === "same") return h("span.change", null, "as before");
  const kind = isGood === null ? "" : (word === "up") === isGood ? "good" : "bad";
  const size = percent > 9.995 ? `${f.count(Math.round(percent + 1))} times` : f.share(percent);
  return h("span.change", { class: kind, title: before ? `before: ${before}` : null }, icon(word),
    word === "up" ? (percent > 9.995 ? `${size} as much` : `${size} more`) : `${size} less`);
}

/** A state, always with a shape and a word. */
export function mark(kind, word) {
  return h("span.mark", { class: kind }, icon(kind === "accent" ? "idle" : kind), word);
}

export function swatch(variable) {
  return h("span.swatch", { "aria-hidden": "true", vars: { "--swatch": variable } });
}

export function stat({ name, value, unit = null, sub = [], spark = null, to = null, toLabel = null, title = null, exact = null }) {
  const figure = h("div.stat-value", { title: exact }, value, unit ? h("span.unit", null, unit) : null);
  return h("div.stat", { title },
    h("div.stat-name", null, name),
    to ? link(to, { class: "stat-link" }, figure, unseen(toLabel ?? `: show ${name.toLowerCase()}`)) : figure,
    sub.map((line) => (line ? h("div.stat-sub", null, line) : null)),
    spark);
}

/** A small line of a figure over time. Its figures stand in the table of the panel, so readers skip it. */
export function sparkline(values, { isBars = false } = {}) {
  const known = values.map((value) => (value === null || !Number.isFinite(value) ? null : value));
  const most = Math.max(...known.map((value) => value ?? 0), 0);
  const width = 120, height = 28;
  const frame = svg("svg.spark", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  if (known.length < 2 || most === 0) {
    add(frame, svg("line", { x1: 0, x2: width, y1: height - 1, y2: height - 1, class: "spark-line" }));
    return frame;
  }
  const y = (value) => height - 1.5 - (value / most) * (height - 3);
  if (isBars) {
    const slot = width / known.length;
    add(frame, known.map((value, index) => svg("rect", {
      x: (index * slot + slot * 0.12).toFixed(2), width: (slot * 0.76).toFixed(2), y: y(value ?? 0).toFixed(2),
      height: Math.max(0, height - y(value ?? 0)).toFixed(2), class: "spark-bar",
    })));
    return frame;
  }
  let path = "", isDown = false;
  known.forEach((value, index) => {
    if (value === null) return (isDown = false);
    path += `${isDown ? "L" : "M"}${((index / (known.length - 1)) * width).toFixed(2)} ${y(value).toFixed(2)}`;
    isDown = true;
  });
  return add(frame, svg("path", { d: path, class: "spark-line", "vector-effect": "non-scaling-stroke" }));
}

// What is longer is asked for: nobody reads it, and a browser takes its time over it.
const MOST_ROWS = 200;

/**
 * A table. Columns: {key, title, cell(row), kind: "figure" | "name", about}. Rows that lead somewhere have a link in their first
 * cell, which arrows move between.
 */
export function table(caption, columns, rows, { total = null, isCaptionSeen = false, kind = "", rowClass = null } = {}) {
  const body = h("tbody");
  const put = (some) => add(body, some.map((row) => h("tr", { class: rowClass?.(row) ?? "" }, cells(columns, row))));
  put(rows.slice(0, MOST_ROWS));
  const rest = rows.length > MOST_ROWS ? button(`Show all ${f.count(rows.length)} rows`, (event) => {
    event.currentTarget.remove();
    put(rows.slice(MOST_ROWS));
    body.rows[MOST_ROWS]?.querySelector("a, button")?.focus();
  }) : null;
  const frame = h("div.table-frame", { class: kind, tabindex: "0", role: "region", "aria-label": caption },
    h("table", { data: { rows: "" } },
      h("caption", { class: isCaptionSeen ? "" : "unseen" }, caption),
      h("thead", null, h("tr", null, columns.map((column) =>
        h("th", { scope: "col", class: column.kind ?? "", title: column.about ?? null }, column.title)))),
      body,
      total ? h("tfoot", null, h("tr.total", null, cells(columns, total))) : null));
  return rest ? h("div.table-all", null, frame, rest) : frame;
}

function cells(columns, row) {
  return columns.map((column, index) =>
    h(index === 0 ? "th" : "td", { scope: index === 0 ? "row" : null, class: column.kind ?? "", data: { title: column.title } }, column.cell(row)));
}

export function details(summary, ...children) {
  return h("details.fold", null, h("summary", null, summary), ...children);
}

export function facts(pairs) {
  return h("dl.facts", null, pairs.filter(Boolean).map(([name, ...value]) => h("div", null, h("dt", null, name), h("dd", null, ...value))));
}

/** Buttons of which one is chosen, as links, so that the choice is in the address. */
export function choice(label, options, chosen, patchOf) {
  return h("div.choice", { role: "group", "aria-label": label }, options.map(([value, text]) =>
    link(patchOf(value), { "aria-current": value === chosen ? "true" : null, data: { inside: "", keep: "" } }, text)));
}
