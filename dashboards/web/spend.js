// Who spends it, on what, and who confirmed the figures.
import { h } from "./dom.js";
import { get } from "./http.js";
import { change, choice, link, money, nothing, panel, sparkline, stat, swatch, table } from "./parts.js";
import { go, period, step } from "./state.js";
import { stacked } from "./spendchart.js";
import { placesOf, variableAt, MOST } from "./palette.js";
import { named } from "./words.js";
import { dialog, field, form, text } from "./dialog.js";
import * as f from "./format.js";

const BY = { team: "Team", provider: "Provider", model: "Model", project: "Project", key: "Key" };

export async function show(root, page) {
  const { state } = page;
  const by = state.by in BY || state.by?.startsWith("tag:") ? state.by : state.team || page.who.role !== "admin" ? "provider" : "team";
  const asked = period(state);
  const slot = step(state);
  const usage = page.source((signal) => get("/v1/reports/usage", { ...asked, group_by: `${by},${slot}` }, { signal }));
  const diff = page.source((signal) => get("/v1/reports/diff", { ...asked, group_by: by }, { signal }));

  const options = [...Object.entries(BY), ...(by.startsWith("tag:") ? [[by, "Tag " + by.slice(4)]] : [])];
  const pick = h("div.pick", null, h("span.note", null, "By"), choice("Group by", options, by, (value) => ({ by: value })),
    h("button.button.quiet.small", { type: "button", on: { click: chooseTag } }, "Tag…"));

  root.append(
    panel("Key figures", usage, (now) => keyFigures(now, slot), { bars: 3, kind: "stats", empty: (now) => (now.totals.calls ? null : nothing("No call has ended in this time.")) }),
    pick,
    panel(`Spend by ${slot} and ${nameOf(by)}`, usage, (now) =>
      stacked({ title: `Spend by ${slot} and ${nameOf(by)}`, kind: by, rows: now.rows.map((row) => ({ at: row[slot], name: row[by] ?? null, cost_usd: row.cost_usd })), page,
        isHours: slot === "hour", within: now, to: (patch) => ({ view: "calls", ...patch }), height: 280, nullName: `(no ${nameOf(by)})` }),
    { bars: 6, empty: (now) => (now.rows.length ? null : nothing("No call has ended in this time.")) }),
    panel("Who confirmed it", usage, (now) => confirmed(now.totals), { bars: 2, empty: (now) => (now.totals.calls ? null : nothing("Nothing was spent.")) }),
    panel(`By ${nameOf(by)}, compared with the period before`, diff, (now) => compared(now, by, page), { bars: 6, empty: (now) => (now.rows.length ? null : nothing("Nothing to compare.")) }),
  );
}

function nameOf(by) {
  return by.startsWith("tag:") ? `tag ${by.slice(4)}` : by;
}

function chooseTag() {
  const name = field("Name of the tag", text("tag", { placeholder: "campaign", maxlength: 64 }), { help: "Callers send tags with each request." });
  dialog("Group by a tag", (close) => form([name], "Show", () => {
    const value = name.input.value.trim();
    if (!value) return name.say("Name the tag.");
    close();
    go({ by: "tag:" + value });
  }, { close }));
}

function keyFigures(now, slot) {
  const { totals } = now;
  const days = new Map();
  for (const row of now.rows) days.set(row[slot], (days.get(row[slot]) ?? 0n) + (f.nanos(row.cost_usd) ?? 0n));
  const perImage = f.moneyPer(totals.cost_usd, totals.images);
  return h("div.stats-row", null,
    stat({
      name: "Spend", value: money(totals.cost_usd, totals.estimated_usd), to: { view: "calls" }, toLabel: ": list the calls",
      sub: [(f.nanos(totals.estimated_usd) ?? 0n) > 0n ? ["* ", money(totals.estimated_usd), " of it estimated"] : "all of it confirmed by providers"],
      spark: sparkline([...days.keys()].sort().map((day) => Number(days.get(day)) / 1e9), { isBars: true }),
    }),
    stat({ name: "Images", value: f.count(totals.images), sub: [["of ", link({ view: "calls" }, null, f.plural(totals.calls, "call"))]] }),
    stat({ name: "Per image", value: perImage ? money(perImage) : "none", sub: ["failures included"] }),
    stat({
      name: "Lost to failovers", value: money(totals.failover_cost_usd), to: { view: "calls", failover: "true" }, toLabel: ": list the calls",
      sub: [`${f.plural(totals.failovers, "call")} taken over by another provider`,
        totals.hedges ? [money(totals.hedge_cost_usd), ` of it for ${f.plural(totals.hedges, "hedge")}`] : null],
    }));
}

/** One bar: what providers stated, what was checked against their books, what is estimated. */
function confirmed(totals) {
  const parts = [
    ["Stated by the provider's replies", totals.provider_usd, "var(--good)", ""],
    ["Confirmed by a comparison with its books", totals.reconciled_usd, "var(--series-3)", ""],
    ["Estimated from the price book", totals.estimated_usd, "var(--warning)", "hatched"],
  ];
  const all = parts.reduce((sum, [, text]) => sum + (f.drawn(text) ?? 0), 0);
  let at = 0;
  return [
    h("div.whole", { "aria-hidden": "true" }, parts.map(([, text, paint, kind]) => {
      const from = at;
      at += all ? ((f.drawn(text) ?? 0) / all) * 100 : 0;
      return h("i", { class: kind, vars: { "--from": from.toFixed(2) + "%", "--to": at.toFixed(2) + "%", "--paint": paint } });
    })),
    h("ul.keys", null, parts.map(([label, text, paint, kind]) => h("li", null, h("span.swatch", { class: kind, "aria-hidden": "true", vars: { "--swatch": paint } }), label,
      h("b.figure", null, money(text)), h("span.note", null, all ? f.share((f.drawn(text) ?? 0) / all) : "")))),
  ];
}

function compared(now, by, page) {
  const names = now.rows.map((row) => row[by] ?? null);
  const sorted = [...now.rows].sort((a, b) => ((f.nanos(b.cost_usd) ?? 0n) > (f.nanos(a.cost_usd) ?? 0n) ? 1 : -1));
  const placeOf = placesOf(by, sorted.slice(0, MOST).map((row) => row[by] ?? null).filter((name) => name !== null).sort());
  const all = f.drawn(now.totals?.cost_usd) || 0;
  const most = Math.max(...sorted.map((row) => f.drawn(row.cost_usd) ?? 0), 0);
  const first = (row) => {
    const name = row[by] ?? null;
    return [swatch(variableAt(placeOf(name))), lead(by, name)];
  };
  return [
    table(`Cost by ${nameOf(by)}`, [
      { title: BY[by] ?? nameOf(by), cell: (row) => (row === now.totals ? "All" : first(row)) },
      { title: "Cost", kind: "figure", cell: (row) => [row === now.totals ? null : h("span.inline-bar", { "aria-hidden": "true", vars: { "--size": most ? ((f.drawn(row.cost_usd) ?? 0) / most * 100).toFixed(1) + "%" : "0%" } }), money(row.cost_usd, row.estimated_usd)] },
      { title: "Share", kind: "figure", cell: (row) => (all ? f.share((f.drawn(row.cost_usd) ?? 0) / all) : "none") },
      { title: "Before", kind: "figure", cell: (row) => money(row.cost_before_usd) },
      { title: "Change", kind: "figure", cell: (row) => change(row.cost_change) },
      { title: "Calls", kind: "figure", cell: (row) => f.count(row.calls) },
      { title: "Failed", kind: "figure", cell: (row) => f.share(row.failure_rate) },
      { title: "Median", kind: "figure", cell: (row) => f.milliseconds(row.p50_ms) },
    ], sorted, { total: now.totals }),
    names.length > 100 ? h("p.note", null, `${f.count(names.length)} rows.`) : null,
    now.notes?.length ? h("p.note", null, now.notes.join(" ")) : null,
  ];
}

/** The calls that a row is made of. */
export function lead(by, name) {
  const words = named(name, by.startsWith("tag:") ? "no such tag" : "none");
  if (name === null) return words;
  if (by === "team") return link({ view: "calls", team: name }, null, words);
  if (by === "provider") return link({ view: "calls", provider: name }, null, words);
  return link({ view: "calls", q: name }, null, by === "key" ? words.slice(0, 13) : words);
}
