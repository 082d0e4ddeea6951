// Charts by Chart.js, each with the table of its figures, which screen readers get and which "t" shows to everybody.
import { fill, h, unseen } from "./dom.js";
import { colours, colourAt, variableAt } from "./palette.js";
import { button, link, swatch, table } from "./parts.js";
import { go } from "./state.js";

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';
const shown = new Set();

document.addEventListener("easel:theme", repaint);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

function repaint() {
  for (const chart of shown) {
    if (!chart.host.isConnected) chart.drop();
    else chart.draw();
  }
}

/** Chart.js holds on to what it has drawn; the charts of a view that is left are given up. */
export function sweep() {
  for (const chart of shown) if (!chart.host.isConnected) chart.drop();
}

let areTablesShown = false;
// Tables that were opened one by one stay open when the figures are read again.
const opened = new Set();
export function toggleTables(isShown = !areTablesShown) {
  areTablesShown = isShown;
  opened.clear();
  document.querySelectorAll(".chart").forEach((chart) => chart.dispatchEvent(new CustomEvent("easel:table", { detail: isShown })));
  return isShown;
}

/** The frame of a chart: key figures of its series, the canvas, the table. `set(colours)` gives what Chart.js draws. */
function frame({ title, heading = null, set, series, columns, rows, height = 240, keys = true }) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const stage = h("div.stage", { vars: { "--height": height + "px" } }, canvas);
  const host = h("div.chart");
  const figures = h("div.figures", null, table(title, columns, rows));
  const toggle = button("Table", () => {
    const isShown = !host.classList.contains("with-table");
    if (isShown) opened.add(title);
    else opened.delete(title);
    show(isShown);
  }, { class: "quiet small", "aria-expanded": "false" }, unseen(` of ${title}`));
  const show = (isShown) => {
    host.classList.toggle("with-table", isShown);
    toggle.setAttribute("aria-expanded", String(isShown));
    // What is out of sight is not to be tabbed into.
    for (const one of figures.querySelectorAll("a, button, [tabindex]")) one.tabIndex = isShown ? 0 : -1;
  };
  host.addEventListener("easel:table", (event) => show(event.detail));
  fill(host,
    h("div.chart-head", null,
      keys ? h("ul.keys", null, series.map((one) => h("li", null, one.isLine ? h("span.swatch.line", { "aria-hidden": "true" }) : swatch(variableAt(one.place)), one.label,
        one.total ? h("b.figure", null, one.total) : null))) : heading ? h("h3", null, heading) : h("span"),
      toggle),
    stage, figures);
  show(areTablesShown || opened.has(title));
  const chart = {
    host,
    drawn: null,
    draw() {
      this.drawn?.destroy();
      this.drawn = new Chart(canvas, set(colours()));
    },
    drop() {
      this.drawn?.destroy();
      shown.delete(this);
    },
  };
  shown.add(chart);
  // A canvas has no size before it is in the page.
  requestAnimationFrame(() => host.isConnected && chart.draw());
  return host;
}

function options(set, { y, stacked = false, click = null, titleOf, valueOf, right = 8, most = undefined }) {
  return {
    responsive: true,
    maintainAspectRatio: false,
    // Bars that grow are prettier than figures that stand, and later.
    animation: false,
    interaction: { mode: "index", intersect: false },
    layout: { padding: { right, top: 6 } },
    font: { family: FONT },
    onClick: click ? (_, found) => found.length && click(found[0].index, found[0]) : undefined,
    onHover: click ? (event, found) => { event.native.target.classList.toggle("clickable", found.length > 0); } : undefined,
    scales: {
      x: {
        stacked,
        grid: { display: false, borderColor: set.line },
        ticks: { color: set.muted, maxRotation: 0, autoSkipPadding: 16, font: { family: FONT, size: 12 } },
      },
      y: {
        stacked,
        beginAtZero: true,
        suggestedMax: most,
        grid: { color: set.line, drawBorder: false, tickLength: 0 },
        ticks: { color: set.muted, maxTicksLimit: 6, padding: 8, callback: y, font: { family: FONT, size: 12 } },
      },
    },
    plugins: {
      legend: { display: false },
      tooltip: {
        backgroundColor: set.ink, titleColor: set.surface, bodyColor: set.surface, footerColor: set.surface,
        padding: 10, cornerRadius: 6, boxPadding: 4, usePointStyle: true,
        titleFont: { family: FONT, size: 12 }, bodyFont: { family: FONT, size: 12 },
        filter: (item) => item.raw !== null && item.raw !== 0,
        callbacks: {
          title: (items) => (items.length ? titleOf(items[0].dataIndex) : ""),
          label: (item) => ` ${item.dataset.label}: ${valueOf(item.dataset.at, item.dataIndex)}`,
          labelColor: (item) => ({ borderColor: item.dataset.paint, backgroundColor: item.dataset.paint }),
        },
      },
    },
  };
}

/**
 * Amounts by day or hour, stacked. series: [{label, place, values, texts, total}], before: the period before as a thin line.
 * `to(index)` is where a bar leads.
 */
export function stackedBars({ title, labels, titles, series, before = null, axis, height, to = null, firstTitle = "Day" }) {
  const all = before ? [...series, { ...before, isLine: true, place: -1 }] : series;
  const columns = [
    { title: firstTitle, cell: (index) => (to ? link(to(index), null, titles[index]) : titles[index]) },
    ...all.map((one) => ({ title: one.label, kind: "figure", cell: (index) => one.texts[index] ?? "none" })),
  ];
  return frame({
    title, height, series: all, columns, rows: labels.map((_, index) => index),
    set: (set) => ({
      type: "bar",
      data: {
        labels,
        datasets: [
          ...(before ? [{
            type: "line", label: before.label, data: before.values, at: all.length - 1, paint: set.muted, borderColor: set.muted,
            borderWidth: 1.5, borderDash: [4, 3], pointRadius: 0, pointHitRadius: 0, fill: false, tension: 0, stack: "before", order: 0,
          }] : []),
          ...series.map((one, at) => ({
            label: one.label, data: one.values, at, paint: colourAt(one.place, set), backgroundColor: colourAt(one.place, set),
            borderColor: set.panel, borderWidth: { top: 1 }, stack: "now", order: 1, maxBarThickness: 44, categoryPercentage: 0.86, barPercentage: 0.92,
          })),
        ],
      },
      options: options(set, {
        y: axis, stacked: true, titleOf: (index) => titles[index], valueOf: (at, index) => all[at].texts[index],
        click: to ? (index) => go(to(index)) : null,
      }),
    }),
  });
}

/** Names at the end of lines, so that nobody has to look a colour up; those that would touch are moved apart. */
const ends = {
  id: "ends",
  afterDatasetsDraw(chart) {
    const { ctx, chartArea } = chart;
    const labels = [];
    chart.data.datasets.forEach((dataset, index) => {
      const points = chart.getDatasetMeta(index).data;
      for (let at = points.length - 1; at >= 0; at -= 1) {
        if (dataset.data[at] === null || dataset.data[at] === undefined) continue;
        labels.push({ y: points[at].y, text: dataset.label, paint: dataset.paint });
        break;
      }
    });
    labels.sort((a, b) => a.y - b.y);
    for (let index = 1; index < labels.length; index += 1) labels[index].y = Math.max(labels[index].y, labels[index - 1].y + 14);
    const over = (labels.at(-1)?.y ?? 0) - chartArea.bottom;
    ctx.save();
    ctx.font = `12px ${FONT}`;
    ctx.textBaseline = "middle";
    for (const label of labels) {
      ctx.fillStyle = label.paint;
      ctx.fillText(label.text, chartArea.right + 6, label.y - Math.max(0, over));
    }
    ctx.restore();
  },
};

/** A point between days without calls has no line to be seen by. */
function isAlone(values, index) {
  return (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
}

/** Rates and latencies. series: [{label, place, values, texts, isThin}] */
export function lines({ title, heading = null, labels, titles, series, axis, height = 200, to = null, firstTitle = "Day", most }) {
  const columns = [
    { title: firstTitle, cell: (index) => (to ? link(to(index), null, titles[index]) : titles[index]) },
    ...series.map((one) => ({ title: one.label, kind: "figure", cell: (index) => one.texts[index] ?? "none" })),
  ];
  const widest = Math.max(...series.map((one) => one.label.length));
  return frame({
    title, heading, height, series, columns, rows: labels.map((_, index) => index), keys: false,
    set: (set) => ({
      type: "line",
      plugins: [ends],
      data: {
        labels,
        datasets: series.map((one, at) => ({
          label: one.label, data: one.values, at, paint: colourAt(one.place, set), borderColor: colourAt(one.place, set),
          backgroundColor: colourAt(one.place, set), borderWidth: one.isThin ? 1.25 : 2.25, borderDash: one.dash ?? [],
          pointRadius: ({ dataIndex }) => (isAlone(one.values, dataIndex) ? 2.5 : 0), pointHoverRadius: 4, spanGaps: false, tension: 0,
        })),
      },
      options: options(set, {
        y: axis, titleOf: (index) => titles[index], valueOf: (at, index) => series[at].texts[index],
        click: to ? (index) => go(to(index)) : null, right: 14 + widest * 7, most,
      }),
    }),
  });
}
