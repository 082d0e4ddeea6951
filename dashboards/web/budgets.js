// Will the budgets hold; and for admins, setting and raising them.
import { fill, h, unseen } from "./dom.js";
import { get, send } from "./http.js";
import { button, details, facts, link, mark, money, nothing, panel, Source, table, time, toast } from "./parts.js";
import { go } from "./state.js";
import { amount, bar, percentOf, termsOf } from "./budgetbar.js";
import { noBudgets } from "./overview.js";
import { level, scope, status, windowOf } from "./words.js";
import { confirm } from "./dialog.js";
import { raiseBudget, setBudget } from "./budgetform.js";
import * as f from "./format.js";

export async function show(root, page) {
  const { state, who } = page;
  const isAdmin = who.role === "admin";
  const list = page.source((signal) => get("/v1/budgets", {}, { signal }));
  const report = page.source((signal) => get("/v1/reports/budgets", { timezone: state.tz }, { signal }));
  page.on("budget", () => setTimeout(() => list.load(), 300));

  const place = h("div");
  report.listen(() => list.value && draw());
  const draw = () => fill(place, cards(list.value, report.value, page));
  root.append(panel("Budgets", list, () => (draw(), place), {
    bars: 6,
    note: "The bar shows what is spent, then what is reserved for calls under way; the upright line is the limit, the ticks its warnings, the hollow end the forecast with the range that holds four of five outcomes.",
    actions: isAdmin ? [button("Set a budget", () => setBudget(null, page), { class: "primary" })] : null,
    empty: (now) => (shownOf(now, state).length ? null : noBudgets(who)),
  }));
}

// Those that are nearest to their limits come first; the rest is asked for.
const MOST_CARDS = 40;

function shownOf(now, state) {
  const team = state.team;
  if (!team) return now.budgets;
  return now.budgets.filter((one) => one.scope === "org" || one.scope === `team:${team}` || one.scope.startsWith(`project:${team}/`) || one.scope.startsWith("key:"));
}

function cards(now, report, page) {
  const rows = new Map((report?.rows ?? []).map((row) => [`${row.scope} ${row.period}`, row]));
  const order = { exceeded: 0, warning: 1, ok: 2 };
  const budgets = [...shownOf(now, page.state)].sort((a, b) => order[a.level] - order[b.level] || (b.spent_percent ?? 0) - (a.spent_percent ?? 0) || a.scope.localeCompare(b.scope));
  const one = (budget) => card(budget, rows.get(`${budget.scope} ${budget.period}`), page);
  const list = h("div.budget-cards", null, budgets.slice(0, MOST_CARDS).map(one));
  const rest = budgets.slice(MOST_CARDS);
  return [list, rest.length ? h("p", null, button(`Show ${f.plural(rest.length, "more budget")}`, (event) => {
    event.currentTarget.remove();
    list.append(...rest.map(one));
  })) : null];
}

function card(budget, row, page) {
  const { state, who } = page;
  const band = row && row.forecast_high_usd && budget.limit_usd ? { low: f.drawn(row.forecast_low_usd) ?? 0, high: f.drawn(row.forecast_high_usd) } : null;
  const name = scope(budget.scope);
  const isOpen = state.budget === budget.id;
  const raise = budget.raise;
  const explain = explained(budget, name, page);
  const element = h("article.card.budget-card", { class: isOpen ? "is-chosen" : "" },
    h("div.card-head", null, h("h3", null, name), level(budget.level), h("span.figure.big.push", null, percentOf(budget) ?? "")),
    bar(budget, band),
    facts([
      ["Spent " + windowOf(budget), amount(budget, "spent")],
      ["Limit", termsOf(budget)],
      ["Left", budget.remaining_usd !== undefined || budget.remaining_images !== undefined ? amount(budget, "remaining") : "not known"],
      ["Reserved", amount(budget, "reserved")],
      (f.nanos(budget.unreserved_usd) ?? 0n) > 0n ? ["Beyond what was reserved", money(budget.unreserved_usd)] : null,
      row?.burn_usd ? ["A day", money(row.burn_usd)] : null,
      row?.forecast_usd && budget.period !== "total" ? ["Forecast " + windowOf(budget), money(row.forecast_usd), row.forecast_low_usd && row.forecast_low_usd !== row.forecast_high_usd ? [" (", money(row.forecast_low_usd), " to ", money(row.forecast_high_usd), ")"] : ""] : null,
      row?.days_left !== null && row?.days_left !== undefined ? ["Days left at that rate", f.count(row.days_left)] : null,
      ["Warns at", budget.warn_at.length ? budget.warn_at.map((percent) => percent + "%").join(", ") : "nothing"],
      budget.resets_at ? ["Resets", time(state, budget.resets_at), ` (midnight in ${budget.timezone})`] : ["Resets", "never"],
      raise ? ["Raised", raise.by_usd ? money(raise.by_usd) : f.plural(raise.by_images, "image"), " more from ", time(state, raise.from), " until ", time(state, raise.until)] : null,
    ]),
    h("div.card-buttons", null,
      link(callsOf(budget), { class: "button small" }, "Calls", unseen(` of ${name}`)),
      who.role === "admin" ? [
        button("Change", () => setBudget(budget, page), { class: "small" }, unseen(` ${name}`)),
        button("Raise", () => raiseBudget(budget, page), { class: "small" }, unseen(` ${name}`)),
        raise ? button("End the raise", () => endRaise(budget, page), { class: "small" }, unseen(` of ${name}`)) : null,
        button("Remove", () => remove(budget, page), { class: "small quiet" }, unseen(` ${name}`)),
      ] : null),
    explain);
  if (isOpen && !explain.isConnected) requestAnimationFrame(() => element.scrollIntoView({ block: "center" }));
  return element;
}

// What was unfolded stays so when the figures are read again, for as long as the view is open.
const unfolded = new WeakMap();

function explained(budget, name, page) {
  if (!unfolded.has(page)) unfolded.set(page, new Map());
  const known = unfolded.get(page);
  if (known.has(budget.id)) return known.get(budget.id);
  const fold = details("What makes up these figures");
  known.set(budget.id, fold);
  let source = null;
  fold.addEventListener("toggle", () => {
    if (!fold.open || source) return;
    source = new Source((signal) => get(`/v1/budgets/${budget.id}/explain`, { limit: 20 }, { signal }), page.signal);
    fold.append(panel(`Made of: ${name}`, source, (value) => explanation(value, page), { bars: 3, kind: "bare", level: 4 }));
    source.load();
    page.again(() => fold.open && source.load());
  });
  return fold;
}

/** The calls of a budget's window. */
function callsOf(budget) {
  const [kind, ...rest] = budget.scope.split(":");
  const name = rest.join(":");
  const patch = { view: "calls", budget: null, ...(budget.window_start ? { since: budget.window_start } : { range: "90d" }) };
  if (kind === "team") return { ...patch, team: name };
  if (kind === "project") return { ...patch, team: name.slice(0, name.indexOf("/")), q: name.slice(name.indexOf("/") + 1) };
  if (kind === "key") return { ...patch, q: name };
  return patch;
}

function explanation(value, page) {
  return [
    table("By how the calls ended", [
      { title: "Ended", cell: (row) => status(row.status) },
      { title: "Provider", cell: (row) => row.provider ?? "(none)" },
      { title: "Calls", kind: "figure", cell: (row) => f.count(row.calls) },
      { title: "Images", kind: "figure", cell: (row) => f.count(row.images) },
      { title: "Cost", kind: "figure", cell: (row) => money(row.cost_usd) },
    ], value.groups, { kind: "plain" }),
    value.reservations.length ? table("Reservations", [
      { title: "Call", cell: (row) => link({ view: "calls", call: row.call_id }, null, row.call_id.slice(0, 13)) },
      { title: "Team", cell: (row) => row.team },
      { title: "Why", cell: (row) => row.reason.replaceAll("_", " ") },
      { title: "Amount", kind: "figure", cell: (row) => (row.amount_usd === null ? f.plural(row.images ?? 0, "image") : money(row.amount_usd)) },
      { title: "Since", cell: (row) => time(page.state, row.received_at) },
    ], value.reservations, { kind: "plain", isCaptionSeen: true }) : null,
    value.calls.length ? table("Latest calls", [
      { title: "Call", cell: (row) => link({ view: "calls", call: row.id }, null, row.id.slice(0, 13)) },
      { title: "Team", cell: (row) => row.team },
      { title: "Ended", cell: (row) => status(row.status) },
      { title: "Images", kind: "figure", cell: (row) => f.count(row.images) },
      { title: "Cost", kind: "figure", cell: (row) => money(row.cost_usd) },
      { title: "Received", cell: (row) => time(page.state, row.received_at) },
    ], value.calls, { kind: "plain", isCaptionSeen: true }) : null,
  ];
}

function endRaise(budget, page) {
  confirm("End the raise", [["The limit of ", h("b", null, scope(budget.scope)), " goes back to ", amount(budget, "limit"), " at once."]].map((line) => h("p", null, line)), "End the raise", async () => {
    await send("DELETE", `/v1/budgets/${budget.id}/raise`);
    toast("The raise has ended.");
    page.refresh();
  });
}

function remove(budget, page) {
  confirm("Remove the budget", [
    h("p", null, h("b", null, scope(budget.scope)), ": ", termsOf(budget), "."),
    budget.hard ? "Nothing stops its calls any more, unless another budget does." : "Nothing warns any more, unless another budget does.",
    "The calls and what they cost stay in the log.",
  ], "Remove", async () => {
    await send("DELETE", `/v1/budgets/${budget.id}`);
    toast("The budget is removed.");
    go({ budget: null }, { replace: true });
    page.refresh();
  });
}
