// A call as a time line: admission, each attempt with its phases, what came between, settlement.
import { h } from "./dom.js";
import { placesOf, variableAt } from "./palette.js";
import * as f from "./format.js";

const PHASES = [["dns_ms", "name look-up"], ["connect_ms", "connection"], ["tls_ms", "TLS"], ["first_byte_ms", "first byte"]];

/** The rows of the line, in milliseconds from the call's receipt: pure, so that it can be tested. */
export function rowsOf(call, now = Date.now()) {
  const start = Date.parse(call.received_at);
  const rows = [];
  const attempts = [...call.attempts].map((one) => {
    const from = Math.max(0, Date.parse(one.started_at) - start);
    const isOpen = one.latency_ms === null || one.latency_ms === undefined;
    return { attempt: one, from, to: isOpen ? null : from + one.latency_ms };
  }).sort((a, b) => a.from - b.from);
  const ended = attempts.map((one) => one.to).filter((to) => to !== null);
  const end = call.latency_ms ?? Math.max(now - start, ...ended, 0);
  const first = attempts[0]?.from ?? end;
  rows.push({ kind: "easel", name: "Admission", about: "checks, plan, reservation in budgets", from: 0, to: Math.min(first, end) });
  let last = first;
  attempts.forEach((one, index) => {
    if (one.from - last > 50) rows.push({ kind: "wait", name: "Between", about: "waiting, or finding out how the one before ended", from: last, to: one.from });
    const to = one.to ?? end;
    rows.push({ kind: "attempt", name: `Attempt ${index + 1}`, about: one.attempt.provider, provider: one.attempt.provider, outcome: one.attempt.outcome, from: one.from, to, isOpen: one.to === null, phases: phasesOf(one.attempt, one.from, to) });
    last = Math.max(last, to);
  });
  if (attempts.length && end > last) rows.push({ kind: "easel", name: call.status === "in_progress" ? "Under way" : "Settlement", about: "images taken into custody, costs posted, answer", from: last, to: end });
  return { rows, end: Math.max(end, last, 1) };
}

/** Stretches of an attempt one after the other; the rest of it, which nothing measures, is sending, the body and polling. */
function phasesOf(attempt, from, to) {
  const times = attempt.phases ?? {};
  const found = [];
  let at = from;
  for (const [key, name] of PHASES) {
    if (typeof times[key] !== "number") continue;
    const end = Math.min(to, at + times[key]);
    found.push({ key, name, from: at, to: end, took: times[key] });
    at = end;
  }
  if (found.length && to > at) found.push({ key: "rest", name: "body, polling", from: at, to, took: to - at });
  return found;
}

export function timeline(call, state) {
  const { rows, end } = rowsOf(call);
  const placeOf = placesOf("provider", [...new Set(call.attempts.map((one) => one.provider))].sort());
  const at = (value) => Math.min(100, (value / end) * 100).toFixed(3) + "%";
  const ticks = stepsOf(end);
  return h("div.timeline", { role: "list", "aria-label": `Time line of ${f.milliseconds(end)}` },
    h("div.scale", { "aria-hidden": "true" }, ticks.map((tick) => h("span", { vars: { "--from": at(tick) } }, f.milliseconds(tick)))),
    rows.map((row) => h("div.lane", { role: "listitem", class: row.kind },
      h("div.lane-name", null, h("b", null, row.name), " ", h("span.note", null, row.about)),
      h("div.lane-track", { "aria-hidden": "true" },
        ticks.map((tick) => h("i.rule", { vars: { "--from": at(tick) } })),
        h("i.span", { class: row.outcome ?? "", vars: { "--from": at(row.from), "--to": at(row.to), "--paint": row.provider ? variableAt(placeOf(row.provider)) : "var(--muted)" } }),
        (row.phases ?? []).map((phase, index) => h("i.phase", { class: "phase-" + index % 2, vars: { "--from": at(phase.from), "--to": at(phase.to) } }))),
      h("div.lane-time", null, row.isOpen ? "end not known" : f.milliseconds(row.to - row.from)),
      row.phases?.length ? h("div.lane-phases.note", null, row.phases.map((phase) => `${phase.name} ${f.milliseconds(phase.took)}`).join(" · ")) : null)));
}

function stepsOf(end) {
  const raw = end / 5;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * size).find((value) => value >= raw);
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step).filter((tick) => tick <= end * 0.97);
}
