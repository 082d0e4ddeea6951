// How good the figures are, what is missing, and what to do about it.
import { h, icon } from "./dom.js";
import { get, Problem } from "./http.js";
import { command, details, facts, link, mark, money, nothing, panel, table, time } from "./parts.js";
import { period } from "./state.js";
import { named } from "./words.js";
import * as f from "./format.js";

const FIGURES = [
  ["unknown_attempts", "Attempts with an unknown outcome", "They were sent and their end is not known. Easel asks the provider, and after a day counts them at their upper bound; until then their money stays reserved.", { view: "calls", q: "unknown" }, null],
  ["unpriced_attempts", "Attempts without a price", "The price book had no line for them, and the provider did not say. Set a price and recompute.", null, "easel price set --help"],
  ["journal_pending", "Settlements still in a journal", "They are on a gateway's disk and go to the database as soon as it takes them.", null, "easel db journal list"],
  ["journal_set_aside", "Settlements set aside", "The database did not take them as they are. They are kept; look at them.", null, "easel db journal list"],
  ["unsummed_windows", "Windows that cannot be summed up", "Rows that cannot be read keep these minutes out of the sums.", null, "easel db verify"],
];

export async function show(root, page) {
  const { state, who } = page;
  const report = page.source((signal) => get("/v1/reports/usage", { ...period(state), team: undefined, group_by: "provider" }, { signal }));
  const ready = page.source((signal) => readiness(signal));
  root.append(
    panel("In this time", report, (now) => figures(now), { bars: 5 }),
    panel("Who confirmed the cost", report, (now) => sources(now), { bars: 3, empty: (now) => (now.rows.length ? null : nothing("Nothing was spent in this time.")) }),
    panel("The gateway", ready, (now) => gateway(now), { bars: 4 }),
  );
  if (who.role === "admin") {
    const compared = page.source((signal) => get("/v1/reconciliations", { limit: 20 }, { signal }));
    root.append(panel("Comparisons with the providers' books", compared, (now) => comparisons(now, page), {
      bars: 3, empty: (now) => (now.reconciliations.length ? null : nothing("The log has not been compared with what a provider says it charged.", command("easel reconcile --help"))),
    }));
  }
}

/** Not ready is an answer too. */
async function readiness(signal) {
  try {
    return await get("/readyz", {}, { signal });
  } catch (problem) {
    if (problem.status !== 503) throw problem;
    throw new Problem("busy", "The gateway takes no calls at the moment: " + problem.message);
  }
}

function figures(now) {
  const value = now.data_quality;
  const lag = value.rollup_lag_s;
  const isComplete = FIGURES.every(([key]) => !value[key]) && lag <= 60;
  return [
    isComplete ? h("p.calm", null, icon("good"), "Complete: every attempt has an outcome and a price, and every call is summed up.") : null,
    h("ul.quality-list", null, FIGURES.map(([key, title, about, to, run]) => h("li", { class: value[key] ? "is-open" : "" },
      h("div.quality-head", null, mark(value[key] ? "warning" : "good", f.count(value[key] ?? 0)), h("b", null, title)),
      value[key] ? [h("p", null, about), to ? h("p", null, link(to, null, "Look for them among the calls")) : null, run ? command(run) : null] : null)),
    h("li", { class: lag > 60 ? "is-open" : "" }, h("div.quality-head", null, mark(lag > 60 ? "warning" : "good", lag > 0 ? f.span(lag * 1000) : "none"), h("b", null, "Delay of the sums")),
      lag > 60 ? [h("p", null, "The reporting daemon is behind. Is it running?"), command("easel serve --only reporter")] : null)),
    details("Prove that the figures add up", h("p", null, "This compares calls, attempts, budgets and sums row by row:"), command("easel db verify")),
  ];
}

function sources(now) {
  const parts = (row) => [row.provider_usd, row.reconciled_usd, row.estimated_usd];
  const shareOf = (row, key) => {
    const all = f.drawn(row.cost_usd);
    return all ? f.share((f.drawn(row[key]) ?? 0) / all) : "none";
  };
  const column = (title, key, about) => ({ title, kind: "figure", about, cell: (row) => [money(row[key]), " ", h("span.note", null, shareOf(row, key))] });
  return table("Cost by who confirmed it", [
    { title: "Provider", cell: (row) => (row === now.totals ? "All" : row.provider ? link({ view: "calls", provider: row.provider }, null, row.provider) : named(null)) },
    { title: "Cost", kind: "figure", cell: (row) => money(row.cost_usd) },
    column("Stated in replies", "provider_usd"), column("Confirmed by its books", "reconciled_usd"), column("Estimated", "estimated_usd"),
  ], now.rows.filter((row) => parts(row).some((text) => (f.nanos(text) ?? 0n) !== 0n) || row.calls), { total: now.totals });
}

function gateway(now) {
  const good = (isGood, word) => mark(isGood ? "good" : "bad", word);
  return [
    facts([
      ["Version", now.version],
      ["State", good(now.status === "ready", now.status.replaceAll("_", " "))],
      ["Database", good(now.ledger === "ok", now.ledger)],
      ["Journal on disk", good(now.journal === "ok", now.journal.replaceAll("_", " "))],
      ["Rows that cannot be read", h("span.figure", null, f.count(now.unreadable_rows))],
    ]),
    now.reason ? h("p", null, now.reason) : null,
    now.degraded?.length ? h("ul", null, now.degraded.map((text) => h("li", null, text))) : null,
  ];
}

function comparisons(now, page) {
  return table("Comparisons", [
    { title: "Provider", cell: (row) => row.provider },
    { title: "Days", cell: (row) => (row.from === row.to ? f.dayName(row.from) : `${f.dayName(row.from)} to ${f.dayName(row.to)}`) },
    { title: "In the log", kind: "figure", cell: (row) => money(row.totals.log_usd, row.totals.estimated_usd) },
    { title: "At the provider", kind: "figure", cell: (row) => (row.totals.provider_usd === undefined ? "not known" : money(row.totals.provider_usd)) },
    { title: "Lines equal", kind: "figure", cell: (row) => f.count(row.totals.equal) },
    { title: "Explained", kind: "figure", cell: (row) => f.count(row.totals.explained) },
    { title: "Unexplained", kind: "figure", cell: (row) => (row.totals.unexplained ? mark("bad", f.count(row.totals.unexplained)) : mark("good", "none")) },
    { title: "Source", cell: (row) => row.source },
    { title: "Made", cell: (row) => time(page.state, row.created_at) },
  ], now.reconciliations);
}
