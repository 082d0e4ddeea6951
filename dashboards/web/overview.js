// What is it costing, is it working, how fast, what was flagged; and what wants to be looked at.
import { h, icon, unseen } from "./dom.js";
import { get } from "./http.js";
import { change, command, link, mark, money, nothing, panel, sparkline, stat, table } from "./parts.js";
import { daysOf, go, period, periodBefore, rangeName, step } from "./state.js";
import { line as budgetLine } from "./budgetbar.js";
import { gapsOf, providerState, scope, severity } from "./words.js";
import { spendChart } from "./spendchart.js";
import { muteAlert } from "./mute.js";
import * as f from "./format.js";

// More than these are a list of their own.
const MOST_ALERTS = 4;

export async function show(root, page) {
  const { state, who } = page;
  const asked = period(state);
  const overview = page.source((signal) => get("/v1/overview", asked, { signal }));
  // Bars of hours, or the thin line of the period before: read after the figures, and not missed if it is late.
  const more = page.source(async (signal) => {
    await settled(overview, signal);
    if (step(state) === "hour") return { hours: await get("/v1/reports/usage", { ...asked, group_by: "team,hour" }, { signal }) };
    const before = periodBefore(state);
    return { before: before ? await get("/v1/reports/usage", { ...before, group_by: "day" }, { signal }) : null };
  });

  const stats = panel("Key figures", overview, (now) => keyFigures(now, page), { bars: 3, kind: "stats", empty: (now) => firstVisit(now, page) });
  root.append(
    stats,
    h("div.grid.wide-left", null,
      h("div.column", null,
        panel(step(state) === "hour" ? "Spend by hour" : "Spend by day", overview, (now) => chart(now, more, page), { bars: 5, empty: noCalls }),
        panel("Providers", overview, (now) => providers(now, page), { bars: 3, empty: (now) => (now.providers.length ? null : nothing("No provider is configured.")) })),
      h("div.column", null,
        panel("Budgets", overview, (now) => budgets(now, state), { bars: 4, empty: (now) => (now.budgets.length ? null : noBudgets(who)) }),
        panel("What needs attention", overview, (now) => attention(now, page), { bars: 3 }))),
  );
}

/** Resolves when a source has an answer or has failed. */
function settled(source, signal) {
  return new Promise((resolve) => {
    source.listen((now) => (now.value !== null || now.problem || signal.aborted) && resolve());
  });
}

const isEmpty = (now) => !now.totals.calls;

function noCalls(now) {
  return isEmpty(now) ? nothing("No call has ended in this time.") : null;
}

/** An empty log says what would fill it. Where only the range is empty, it says so. */
function firstVisit(now, page) {
  if (!isEmpty(now)) return null;
  const box = h("div.first", null);
  const curl = `curl ${location.origin}/v1/remix -H "Authorization: Bearer $EASEL_API_KEY" -F model=ideogram-4.0 -F "prompt=the same scene as a woodcut print" -F image=@photo.jpg`;
  const fresh = [
    h("h3", null, "Nothing has been called yet"),
    h("p", null, "This page fills as calls end. Send the first one with the command line, with a key in EASEL_API_KEY:"),
    command('easel remix photo.jpg --prompt "the same scene as a woodcut print"'),
    h("p", null, "or with curl:"), command(curl),
    page.who.role === "admin" ? h("p", null, "A team's key is made under ", link({ view: "admin" }, null, "Admin"), ", or by ", h("code", null, "easel key create --team default"), ".") : null,
  ];
  box.append(h("p", null, `No call has ended in this time (${rangeName(page.state)}).`));
  // Whether there is anything at all is one small question.
  get("/v1/calls", { limit: 1, team: page.state.team }, { signal: page.signal }).then((list) => {
    if (list.calls.length === 0) box.replaceChildren(...fresh.filter(Boolean));
    else box.append(h("p", null, "The latest one is from ", f.timeIn(page.state.tz, list.calls[0].received_at), ". ",
      link({ range: "90d" }, null, "Show the last 90 days"), " or ", link({ view: "calls", range: "90d" }, null, "list the calls"), "."));
  }, () => {});
  return box;
}

function keyFigures(now, page) {
  const { totals, previous_totals: before, by_day: days } = now;
  const { state } = page;
  const answered = totals.succeeded + totals.partial;
  const hasBefore = before && before.calls > 0;
  const verdicts = totals.copyright_checked - totals.copyright_undetermined;
  return h("div.stats-row", null,
    stat({
      name: "Spend", value: money(totals.cost_usd, totals.estimated_usd), to: { view: "spend" }, toLabel: ": who spends it",
      sub: [
        hasBefore ? change(f.changeOf(totals.cost_usd, before.cost_usd), { before: f.money(before.cost_usd) }) : "nothing before to compare with",
        forecast(now, state),
        (f.nanos(totals.estimated_usd) ?? 0n) > 0n ? ["* ", money(totals.estimated_usd), " of it estimated"] : "all of it confirmed by providers",
      ],
      spark: sparkline(days.map((day) => f.drawn(day.cost_usd)), { isBars: true }),
    }),
    stat({
      name: "Calls", value: f.count(totals.calls), to: { view: "calls" }, toLabel: ": list them",
      sub: [
        [h("b.figure", null, f.share(f.ratio(answered, totals.calls))), " got images"],
        hasBefore ? change(f.ratio(totals.calls - before.calls, before.calls), { before: f.count(before.calls) }) : null,
        [link({ view: "calls", failover: "true" }, null, f.count(totals.failovers), " failed over"), ", ",
          link({ view: "calls", status: "failed" }, null, f.count(totals.failed), " failed"), ", ",
          link({ view: "calls", status: "refused" }, null, f.count(totals.refused), " refused")],
      ],
      spark: sparkline(days.map((day) => day.calls), { isBars: true }),
    }),
    stat({
      name: "Latency", value: f.milliseconds(totals.latency_ms.p50), unit: "median", to: { view: "providers" }, toLabel: ": by provider",
      sub: [
        hasBefore ? slower(totals.latency_ms.p50, before.latency_ms.p50) : null,
        ["p90 ", h("b.figure", null, f.milliseconds(totals.latency_ms.p90)), ", p99 ", h("b.figure", null, f.milliseconds(totals.latency_ms.p99))],
        "from receiving a call to its end",
      ],
      spark: sparkline(days.map((day) => day.latency_ms.p50)),
    }),
    stat({
      name: "Flagged", value: f.count(totals.nsfw_images + totals.copyright_flagged), unit: "images", to: { view: "safety" }, toLabel: ": safety",
      sub: [
        [link({ view: "calls", nsfw: "true" }, null, f.count(totals.nsfw_images), " not safe for work")],
        [link({ view: "calls", copyright: "flagged" }, null, f.count(totals.copyright_flagged), " for copyright"),
          verdicts > 0 ? `, ${f.share(totals.copyright_flagged / verdicts)} of ${f.count(verdicts)} with a verdict` : ""],
        totals.copyright_undetermined ? `${f.count(totals.copyright_undetermined)} without a verdict` : null,
      ],
      spark: sparkline(days.map((day) => day.nsfw_images + day.copyright_flagged), { isBars: true }),
    }));
}

/** What the month comes to if it goes on like this; the same sum as in the budgets' forecasts. */
function forecast(now, state) {
  const days = daysOf(state);
  if (state.range !== "month" || !days) {
    const perDay = days ? f.moneyPer(now.totals.cost_usd, days.length) : null;
    return perDay ? [money(perDay), " a day"] : null;
  }
  const [year, month] = days[0].split("-").map(Number);
  const first = Date.parse(f.startOfDay(state.tz, days[0]));
  const next = month === 12 ? `${year + 1}-01-01` : `${year}-${String(month + 1).padStart(2, "0")}-01`;
  const end = Date.parse(f.startOfDay(state.tz, next));
  const past = Date.now() - first;
  if (past < 3_600_000) return null;
  const amount = ((f.nanos(now.totals.cost_usd) ?? 0n) * BigInt(Math.round((end - first) / 1000))) / BigInt(Math.round(past / 1000));
  return ["forecast ", money(f.decimal(amount)), " for the month"];
}

function slower(now, before) {
  if (!now || !before) return null;
  const value = (now - before) / before;
  if (Math.abs(value) < 0.02) return h("span.change", null, "as fast as before");
  return h("span.change", { class: value > 0 ? "bad" : "good", title: `before: ${f.milliseconds(before)}` }, icon(value > 0 ? "up" : "down"), f.share(Math.abs(value)), value > 0 ? " slower" : " faster");
}

/** The overview has days; hours and the period before come with the second answer, and the chart is drawn again with them. */
function chart(now, more, page) {
  const place = h("div");
  more.listen((extra) => {
    if (extra.value === null && !extra.problem && step(page.state) === "hour") return;
    place.replaceChildren(spendChart(now, extra.value ?? {}, page));
  });
  return place;
}

function budgets(now, state) {
  const order = { exceeded: 0, warning: 1, ok: 2 };
  const sorted = [...now.budgets].sort((a, b) => order[a.level] - order[b.level] || (b.spent_percent ?? 0) - (a.spent_percent ?? 0));
  return [
    sorted.slice(0, 4).map((budget) => budgetLine(budget, state, { to: (name) => link({ view: "budgets", budget: budget.id }, null, name) })),
    sorted.length > 4 ? h("p", null, link({ view: "budgets" }, null, `All ${sorted.length} budgets`)) : null,
  ];
}

export function noBudgets(who) {
  return nothing("No budget is set: nothing limits what may be spent.", who.role === "admin" ? command("easel budget set team:default --limit 50 --period month") : null,
    who.role === "admin" ? h("p", null, "Or set one under ", link({ view: "budgets" }, null, "Budgets"), ".") : null);
}

function providers(now, page) {
  return table("Providers now", [
    { title: "Provider", cell: (one) => link({ view: "providers" }, null, one.name) },
    { title: "State", cell: (one) => providerState(one) },
    { title: "Errors, 5 min", kind: "figure", cell: (one) => (one.error_rate === undefined ? "none asked" : f.share(one.error_rate)) },
    { title: "Usual time", kind: "figure", cell: (one) => usual(one) },
    { title: "Spent today", kind: "figure", cell: (one) => money(one.spend_today_usd) },
  ], now.providers, { kind: "plain" });
}

function usual(provider) {
  const times = Object.values(provider.latency_ms ?? {});
  if (!times.length) return "not known";
  const [least, most] = [Math.min(...times), Math.max(...times)];
  return least === most ? f.milliseconds(least) : `${f.milliseconds(least)} to ${f.milliseconds(most)}`;
}

function attention(now, page) {
  const items = [];
  const rank = { critical: 0, warning: 1, info: 2 };
  const firing = [...(now.alerts ?? [])].sort((a, b) => Boolean(a.muted_until) - Boolean(b.muted_until) || rank[a.severity] - rank[b.severity] || b.since.localeCompare(a.since));
  for (const alert of firing.slice(0, MOST_ALERTS)) {
    items.push(h("li", null, severity(alert.severity), h("div", null, h("p", null, alert.summary),
      h("p.note", null, `${alert.rule}, ${alert.subject}, since ${f.timeIn(page.state.tz, alert.since)}`,
        alert.muted_until ? `, muted until ${f.timeIn(page.state.tz, alert.muted_until)}` : "")),
      page.who.role === "admin" && !alert.muted_until ? h("button.button.small", { type: "button", on: { click: () => muteAlert(alert, page) } }, "Mute", unseen(` ${alert.rule} for ${alert.subject}`)) : null));
  }
  if (firing.length > MOST_ALERTS) items.push(h("li", null, link({ view: "admin", tab: "alerts" }, null, `${f.plural(firing.length - MOST_ALERTS, "more alert")} firing`)));
  const said = new Set((now.alerts ?? []).map((alert) => alert.subject.split("/")[0]));
  for (const budget of now.budgets) {
    if (budget.level === "ok" || said.has(budget.scope)) continue;
    items.push(h("li", null, mark(budget.level === "exceeded" ? "bad" : "warning", "budget"), h("p", null,
      link({ view: "budgets", budget: budget.id }, null, scope(budget.scope)), budget.level === "exceeded" ? " is used up" : ` is past a warning: ${budget.spent_percent}% is spent`,
      budget.hard && budget.level === "exceeded" ? "; its calls are stopped." : ".")));
  }
  for (const provider of now.providers) {
    if (provider.state === "ok" || said.has("provider:" + provider.name)) continue;
    items.push(h("li", null, providerState(provider), h("p", null, link({ view: "providers" }, null, provider.name), ": ", provider.reason ?? "calls go elsewhere where they can", ".")));
  }
  for (const gap of gapsOf(now.data_quality)) items.push(h("li", null, mark("warning", "data"), h("p", null, gap, ". ", link({ view: "data" }, null, "What that means"))));
  if (!items.length) return h("p.calm", null, icon("good"), "Nothing. Budgets hold, providers work, the data is complete.");
  return h("ul.attention", null, items);
}
