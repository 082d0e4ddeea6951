// Is a provider limping, how fast is it, how does it fail, and what does that cost.
import { h } from "./dom.js";
import { get } from "./http.js";
import { facts, link, money, nothing, panel, sparkline, table, time } from "./parts.js";
import { daysOf, period, rangeName, step } from "./state.js";
import { lines } from "./charts.js";
import { placesOf } from "./palette.js";
import { patchOf } from "./spendchart.js";
import { breaker, named, providerState, status } from "./words.js";
import * as f from "./format.js";

export async function show(root, page) {
  const { state } = page;
  const asked = period(state);
  const slot = step(state);
  const now = page.source((signal) => get("/v1/providers", {}, { signal }));
  const report = page.source((signal) => get("/v1/reports/providers", asked, { signal }));
  const times = page.source((signal) => get("/v1/reports/latency", { ...asked, group_by: `provider,${slot}` }, { signal }));
  const failures = page.source((signal) => get("/v1/reports/failover", asked, { signal }));
  const phases = page.source((signal) => get("/v1/reports/latency", { ...asked, group_by: "provider" }, { signal }));
  for (const kind of ["provider"]) page.on(kind, () => now.load());

  root.append(
    panel("Now", now, (value) => h("div.cards", null, value.providers.map((one) => card(one, page))), { bars: 4, empty: (value) => (value.providers.length ? null : nothing("No provider is configured.")) }),
    panel(`Attempts: ${rangeName(state).toLowerCase()}`, report, (value) => whole(value), { bars: 4, empty: (value) => (value.rows.length ? null : nothing("No provider was asked in this time.")) }),
    panel("Latency", times, (value) => multiples(value, slot, page), {
      bars: 5, note: "How long calls took, by the provider that delivered: the median as a thick line, p99 as a thin one.",
      empty: (value) => (value.rows.length ? null : nothing("No call has ended in this time.")),
    }),
    panel("How attempts fail", failures, (value) => failed(value), { bars: 4, empty: (value) => (value.rows.some((row) => row.error) ? null : nothing("No attempt failed in this time.")) }),
    panel("Where the time goes", phases, (value) => stretches(value), { bars: 3, note: "Of single attempts: half took at most the first figure, 99 of 100 at most the second.", empty: (value) => (value.rows.length ? null : nothing("No provider was asked in this time.")) }),
  );
}

function card(provider, page) {
  return h("article.card", null,
    h("div.card-head", null, h("h3", null, provider.name), providerState(provider)),
    provider.reason ? h("p", null, provider.reason, provider.retry_after_ms ? `; asked again in ${f.span(provider.retry_after_ms)}` : "", ".") : null,
    facts([
      ["Speaks", provider.kind],
      ["Breaker", breaker(provider.breaker)],
      ["Under way", h("span.figure", null, `${f.count(provider.in_flight)} of at most ${f.count(provider.max_in_flight)}`)],
      ["Waiting", h("span.figure", null, f.count(provider.waiting))],
      ["Errors, last 5 min", h("span.figure", null, provider.error_rate === undefined ? "none asked" : f.share(provider.error_rate))],
      ["Spent today", money(provider.spend_today_usd)],
      ["Last attempt", provider.last_outcome ? [status(provider.last_outcome), " ", time(page.state, provider.last_attempt_at)] : "none since the start"],
    ]),
    provider.models.length ? table(`Models of ${provider.name}`, [
      { title: "Model", cell: (one) => one.model },
      { title: "State", cell: (one) => providerState(one) },
      { title: "Attempts, 5 min", kind: "figure", cell: (one) => f.count(one.attempts) },
      { title: "Errors", kind: "figure", cell: (one) => (one.error_rate === undefined ? "none" : f.share(one.error_rate)) },
      { title: "p50", kind: "figure", cell: (one) => f.milliseconds(one.latency_ms?.p50) },
      { title: "p95", kind: "figure", cell: (one) => f.milliseconds(one.latency_ms?.p95) },
    ], provider.models, { kind: "plain" }) : null);
}

function whole(report) {
  const about = Object.fromEntries(report.columns.map((column) => [column.key, column.definition]));
  return table("Providers in this time", [
    { title: "Provider", cell: (row) => (row === report.totals ? "All" : link({ view: "calls", provider: row.provider }, null, named(row.provider))) },
    { title: "Attempts", kind: "figure", about: about.attempts, cell: (row) => f.count(row.attempts) },
    { title: "Delivered", kind: "figure", about: about.success_rate, cell: (row) => f.share(row.success_rate) },
    { title: "Callers served", kind: "figure", about: about.caller_success_rate, cell: (row) => f.share(row.caller_success_rate) },
    { title: "Failed", kind: "figure", about: about.failed, cell: (row) => f.count(row.failed) },
    { title: "Refused", kind: "figure", about: about.refused, cell: (row) => f.count(row.refused) },
    { title: "Unknown", kind: "figure", about: about.unknown, cell: (row) => f.count(row.unknown) },
    { title: "Cost", kind: "figure", about: about.cost_usd, cell: (row) => money(row.cost_usd, row.estimated_usd) },
    { title: "Per image", kind: "figure", about: about.usd_per_image, cell: (row) => (row.usd_per_image === null ? "none" : money(row.usd_per_image)) },
    { title: "p50", kind: "figure", about: about.p50_ms, cell: (row) => f.milliseconds(row.p50_ms) },
    { title: "p99", kind: "figure", about: about.p99_ms, cell: (row) => f.milliseconds(row.p99_ms) },
    { title: "Trend of attempts", cell: (row) => sparkline(row.trend ?? [], { isBars: true }) },
  ], report.rows, { total: report.rows.length > 1 ? report.totals : null });
}

/** One frame for each provider rather than all lines in one; the same scale in all, so that they can be compared. */
function multiples(report, slot, page) {
  const names = [...new Set(report.rows.map((row) => row.provider))].sort((a, b) => String(a).localeCompare(String(b)));
  const placeOf = placesOf("provider", names.filter((name) => name !== null));
  const slots = slot === "day" && daysOf(page.state) ? daysOf(page.state) : [...new Set(report.rows.map((row) => row[slot]))].sort();
  const most = Math.max(...report.rows.map((row) => row.p99_ms ?? 0));
  return h("div.multiples", null, names.map((name) => {
    const rows = new Map(report.rows.filter((row) => row.provider === name).map((row) => [row[slot], row]));
    const of = (key) => slots.map((at) => rows.get(at)?.[key] ?? null);
    const one = (label, key, isThin) => ({ label, place: placeOf(name), isThin, values: of(key), texts: of(key).map((value) => (value === null ? "none" : f.milliseconds(value))) });
    return h("div", null, lines({
      heading: named(name, "no provider delivered"),
      title: `Latency of ${named(name, "no provider")} by ${slot}`, height: 190, most,
      labels: slots.map((at) => (slot === "hour" ? f.hourName(at, page.state.tz) : f.dayName(at))),
      titles: slots.map((at) => (slot === "hour" ? f.timeIn(page.state.tz, at) : f.dayName(at, true))),
      firstTitle: slot === "hour" ? "Hour" : "Day",
      series: [one("p50", "p50_ms", false), one("p99", "p99_ms", true)],
      axis: f.milliseconds,
      to: (at) => ({ view: "calls", ...(name === null ? {} : { provider: name }), ...patchOf(slots[at], slot === "hour") }),
    }));
  }));
}

function failed(report) {
  const rows = report.rows.filter((row) => row.error).sort((a, b) => b.attempts - a.attempts);
  return [
    report.notes.map((note) => h("p", null, note)),
    table("Attempts that failed", [
      { title: "Provider", cell: (row) => link({ view: "calls", provider: null, failover: "true" }, null, named(row.provider)) },
      { title: "Error", cell: (row) => h("code", null, row.error) },
      { title: "Attempts", kind: "figure", cell: (row) => f.count(row.attempts) },
      { title: "Share", kind: "figure", about: "Share of all attempts in this time.", cell: (row) => f.share(row.share) },
      { title: "Sent", kind: "figure", about: "Attempts that were sent to the provider.", cell: (row) => f.count(row.sent) },
      { title: "Cost of it", kind: "figure", about: "The cost of attempts that delivered nothing.", cell: (row) => money(row.wasted_usd) },
      { title: "p50", kind: "figure", cell: (row) => f.milliseconds(row.p50_ms) },
      { title: "p99", kind: "figure", cell: (row) => f.milliseconds(row.p99_ms) },
    ], rows),
  ];
}

const STRETCHES = [["dns", "Name look-up"], ["connect", "Connection"], ["tls", "TLS"], ["first_byte", "First byte"], ["attempt", "All of it"]];

function stretches(report) {
  return table("Phases of attempts", [
    { title: "Provider", cell: (row) => link({ view: "calls", provider: row.provider }, null, named(row.provider, "no provider delivered")) },
    { title: "Attempts", kind: "figure", cell: (row) => f.count(row.attempts) },
    ...STRETCHES.map(([key, title]) => ({
      title, kind: "figure", cell: (row) => `${f.milliseconds(row[key + "_p50_ms"])} / ${f.milliseconds(row[key + "_p99_ms"])}`,
    })),
  ], report.rows.filter((row) => row.attempts));
}
