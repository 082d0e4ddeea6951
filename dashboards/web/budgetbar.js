// A budget as one bar: spent, reserved, the limit, its warnings, and where it is going.
import { h } from "./dom.js";
import { money } from "./parts.js";
import { level, scope, windowOf, PERIODS } from "./words.js";
import * as f from "./format.js";

/** Spent, reserved, limit and forecast in the budget's own unit, as numbers for drawing. */
function sizes(budget) {
  const isMoney = budget.limit_usd !== undefined && budget.limit_usd !== null;
  const of = (name) => (isMoney ? f.drawn(budget[name + "_usd"]) : budget[name + "_images"]) ?? null;
  return {
    isMoney,
    limit: of("limit_now") ?? of("limit") ?? 0,
    usual: of("limit"),
    spent: of("spent") ?? 0,
    reserved: of("reserved") ?? 0,
    forecast: isMoney ? f.drawn(budget.forecast_usd) : null,
  };
}

export function amount(budget, name) {
  const isMoney = budget.limit_usd !== undefined && budget.limit_usd !== null;
  return isMoney ? money(budget[name + "_usd"]) : h("span.figure", null, f.plural(budget[name + "_images"] ?? 0, "image"));
}

export function limitNow(budget) {
  return budget.limit_now_usd !== undefined || budget.limit_now_images !== undefined ? amount(budget, "limit_now") : amount(budget, "limit");
}

export function termsOf(budget) {
  return [
    limitNow(budget), " ", PERIODS[budget.period] ?? budget.period, ", ",
    h("b", { title: budget.hard ? "Calls that do not fit are stopped." : "It only warns." }, budget.hard ? "hard" : "soft"),
  ];
}

/** The bar alone. `band` is the range that holds four of five outcomes, if a report tells it. */
export function bar(budget, band = null) {
  const size = sizes(budget);
  const ends = [size.limit, size.spent + size.reserved, Math.min(size.forecast ?? 0, size.limit * 1.6), Math.min(band?.high ?? 0, size.limit * 1.6)];
  const scale = Math.max(...ends, 0) * 1.04 || 1;
  const at = (value) => Math.max(0, Math.min(100, (value / scale) * 100)).toFixed(2) + "%";
  const between = (kind, from, to) => h("i", { class: kind, vars: { "--from": at(from), "--to": at(to) } });
  const used = size.spent + size.reserved;
  const state = budget.level === "exceeded" ? "bad" : budget.level === "warning" ? "warning" : "good";
  return h("div.budget-bar", { class: state, "aria-hidden": "true" },
    band && band.high > used ? between("band", Math.max(used, band.low), band.high) : null,
    size.forecast !== null && size.forecast > used ? between("forecast", used, size.forecast) : null,
    between("spent", 0, size.spent),
    size.reserved > 0 ? between("reserved", size.spent, used) : null,
    (budget.warn_at ?? []).filter((percent) => percent < 100).map((percent) => h("i.tick", { vars: { "--from": at((size.limit * percent) / 100) } })),
    h("i.limit", { vars: { "--from": at(size.limit) } }));
}

export function percentOf(budget) {
  return budget.spent_percent === null || budget.spent_percent === undefined ? null : budget.spent_percent + "%";
}

/** What the bar shows, in a sentence. */
export function sentence(budget, state) {
  const hasReserved = (f.nanos(budget.reserved_usd) ?? 0n) > 0n;
  const forecast = budget.forecast_usd && budget.limit_usd && budget.period !== "total" ? budget.forecast_usd : null;
  return [
    amount(budget, "spent"), " of ", termsOf(budget),
    hasReserved ? [", ", amount(budget, "reserved"), " reserved"] : null,
    forecast ? [". Forecast ", money(forecast), " ", windowOf(budget)] : null,
    budget.resets_at ? [". Resets ", h("time", { datetime: budget.resets_at, title: f.timeIn(state.tz, budget.resets_at, true) }, f.ago(budget.resets_at))] : null,
    ".",
  ];
}

/** A budget in a list: name, bar, sentence. */
export function line(budget, state, { to = null, band = null } = {}) {
  const name = scope(budget.scope);
  return h("div.budget", null,
    h("div.budget-head", null, to ? to(name) : h("b", null, name), level(budget.level), h("span.figure.push", null, percentOf(budget) ?? "no limit")),
    bar(budget, band),
    h("p.note", null, sentence(budget, state)));
}
