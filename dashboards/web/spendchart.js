// Cost by day or hour, stacked by team, provider or whatever else the rows are grouped by.
import { placesOf, MOST } from "./palette.js";
import { stackedBars } from "./charts.js";
import { nothing } from "./parts.js";
import { daysOf } from "./state.js";
import { named } from "./words.js";
import * as f from "./format.js";

/** Of the overview: its days by team, or the hours of the second answer. */
export function spendChart(overview, { before = null, hours = null }, page) {
  const rows = hours ? hours.rows.map((row) => ({ ...row, at: row.hour })) : overview.by_team_day.map((row) => ({ ...row, at: row.day, name: row.team }));
  return stacked({
    title: hours ? "Spend by hour" : "Spend by day", kind: "team", rows: rows.map((row) => ({ ...row, name: row.team })), page, isHours: Boolean(hours), before, within: hours,
    to: (patch) => ({ view: "calls", ...patch }),
  });
}

/**
 * rows: [{at, name, cost_usd}]. The five dearest names have a colour and a bar of their own, the rest is "other". A null name is
 * the "other" of the server where it counts the five itself, and what has no name elsewhere.
 */
export function stacked({ title, kind, rows, page, isHours = false, before = null, to = null, height = 250, nullName = "other", within = null }) {
  const { state } = page;
  const slots = isHours ? hoursOf(rows, within) : (daysOf(state) ?? [...new Set(rows.map((row) => row.at))].sort());
  if (!rows.length) return nothing("No call has ended in this time.");
  const totals = new Map();
  for (const row of rows) totals.set(row.name, (totals.get(row.name) ?? 0n) + (f.nanos(row.cost_usd) ?? 0n));
  const dearest = [...totals.keys()].filter((name) => name !== null).sort((a, b) => (totals.get(b) > totals.get(a) ? 1 : totals.get(b) < totals.get(a) ? -1 : String(a) < String(b) ? -1 : 1)).slice(0, MOST);
  const placeOf = placesOf(kind, [...dearest].sort());
  const index = new Map(slots.map((slot, at) => [slot, at]));
  const own = new Map(dearest.map((name) => [name, slots.map(() => 0n)]));
  let rest = null;
  for (const row of rows) {
    const at = index.get(row.at);
    if (at === undefined) continue;
    let amounts = own.get(row.name);
    if (!amounts) amounts = rest ??= slots.map(() => 0n);
    amounts[at] += f.nanos(row.cost_usd) ?? 0n;
  }
  const one = (label, place, amounts) => ({
    label, place,
    values: amounts.map((amount) => Number(amount) / 1e9),
    texts: amounts.map((amount) => f.money(f.decimal(amount))),
    total: f.money(f.decimal(amounts.reduce((sum, amount) => sum + amount, 0n))),
  });
  const series = dearest.map((name) => one(named(name), placeOf(name), own.get(name)));
  if (rest) series.push(one(totals.size > dearest.length + (totals.has(null) ? 1 : 0) || nullName === "other" ? "other" : nullName, -1, rest));
  return stackedBars({
    title, height, series,
    labels: slots.map((slot) => (isHours ? f.hourName(slot, state.tz) : f.dayName(slot))),
    titles: slots.map((slot) => (isHours ? f.timeIn(state.tz, slot) : f.dayName(slot, true))),
    firstTitle: isHours ? "Hour" : "Day",
    axis: f.moneyAxis,
    before: before ? lineOf(before, slots) : null,
    to: to ? (at) => to(patchOf(slots[at], isHours)) : null,
  });
}

/** One hour or one day, for a link to its calls. */
export function patchOf(slot, isHours) {
  if (!isHours) return { range: "custom", from: slot, to: slot };
  return { since: slot, until: new Date(Date.parse(slot) + 3_600_000).toISOString().replace(".000Z", "Z") };
}

/** Every hour of the report's time, those without calls too. */
function hoursOf(rows, within) {
  const hour = 3_600_000;
  const known = rows.map((row) => Date.parse(row.at)).filter(Number.isFinite);
  if (!known.length) return [];
  // Hours begin where the rows say, which in some zones is not at a full hour of UTC.
  const shift = known[0] % hour;
  const first = within ? Math.floor((Date.parse(within.from) - shift) / hour) * hour + shift : Math.min(...known);
  const last = within ? Date.parse(within.to) : Math.max(...known) + 1;
  const hours = [];
  for (let at = Math.min(first, ...known); at < last || at <= Math.max(...known); at += hour) hours.push(new Date(at).toISOString().replace(".000Z", "Z"));
  return hours.slice(-1000);
}

/** The days of the period before, first on first. */
function lineOf(report, slots) {
  const days = new Map(report.rows.map((row) => [row.day, row.cost_usd]));
  const first = report.rows.length ? daysFrom(report, slots.length) : [];
  const amounts = slots.map((_, at) => f.nanos(days.get(first[at])) ?? 0n);
  if (amounts.every((amount) => amount === 0n)) return null;
  return {
    label: "period before",
    values: amounts.map((amount) => Number(amount) / 1e9),
    texts: amounts.map((amount) => f.money(f.decimal(amount))),
    total: f.money(report.totals.cost_usd),
  };
}

function daysFrom(report, length) {
  const first = f.dayIn(report.timezone, new Date(report.from));
  return Array.from({ length }, (_, at) => f.dayBefore(first, -at));
}
