// The whole state of the page is its address: /?view=spend&range=30d&team=design&tz=Europe/Berlin
import { dayBefore, dayIn, daysBetween, isZone } from "./format.js";
import { recall, keep } from "./store.js";

export const RANGES = {
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
  "90d": "Last 90 days",
  month: "This month",
  "last-month": "Last month",
};
const SHARED = ["range", "from", "to", "team", "tz"];
const DAY = /^\d{4}-\d{2}-\d{2}$/;

function ownZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** What the address says, with what it leaves out filled in. */
export function read() {
  const state = Object.fromEntries(new URLSearchParams(location.search));
  state.view ||= "overview";
  if (!state.tz || !isZone(state.tz)) state.tz = isZone(recall("zone", "")) ? recall("zone") : ownZone();
  const isCustom = state.range === "custom" && DAY.test(state.from) && DAY.test(state.to);
  if (!isCustom) {
    if (!(state.range in RANGES)) state.range = "30d";
    delete state.from;
    delete state.to;
  }
  return state;
}

/** The address of the present state with some of it changed; another view drops what belonged to this one. */
export function address(patch) {
  const now = read();
  const base = patch.view && patch.view !== now.view ? Object.fromEntries(SHARED.map((key) => [key, now[key]])) : now;
  const next = { ...base, ...patch, view: patch.view ?? now.view };
  if (next.range !== "custom") delete next.from, delete next.to;
  const query = new URLSearchParams();
  for (const key of ["view", ...SHARED]) if (next[key]) query.set(key, next[key]);
  for (const key of Object.keys(next).sort()) if (next[key] && !query.has(key)) query.set(key, next[key]);
  return "/?" + query.toString().replaceAll("%2F", "/");
}

export function go(patch, { replace = false } = {}) {
  const target = address(patch);
  if (patch.tz) keep("zone", patch.tz);
  if (target === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", target);
  document.dispatchEvent(new CustomEvent("easel:state"));
}

/**
 * What a report is asked for. Ranges of days begin at a midnight of the zone, so that the first bar of a chart is a whole day
 * and the figures of two people who look at different hours are the same.
 */
export function period(state) {
  const today = dayIn(state.tz, new Date());
  const base = { timezone: state.tz, ...(state.team ? { team: state.team } : {}) };
  if (state.range === "24h") return { ...base, from: "24h" };
  if (state.range === "month") return { ...base, from: today.slice(0, 8) + "01" };
  if (state.range === "last-month") {
    const last = dayBefore(today.slice(0, 8) + "01", 1);
    return { ...base, from: last.slice(0, 8) + "01", to: last };
  }
  if (state.range === "custom") return { ...base, from: state.from, to: state.to };
  return { ...base, from: dayBefore(today, Number.parseInt(state.range, 10) - 1) };
}

/** The calendar days of the period, first to last; null for one of hours. */
export function daysOf(state) {
  const asked = period(state);
  if (asked.from === "24h") return null;
  const last = asked.to ?? dayIn(state.tz, new Date());
  const length = daysBetween(asked.from, last);
  if (!(length >= 0) || length > 1100) return null;
  return Array.from({ length: length + 1 }, (_, index) => dayBefore(last, length - index));
}

/** By days, or by hours where the period is so short that days say nothing. */
export function step(state) {
  const days = daysOf(state);
  return days === null || days.length <= 2 ? "hour" : "day";
}

/** The period before, of the same length. */
export function periodBefore(state) {
  const days = daysOf(state);
  if (!days) return null;
  return { ...period(state), from: dayBefore(days[0], days.length), to: dayBefore(days[0], 1) };
}

export function rangeName(state) {
  return RANGES[state.range] ?? `${state.from} to ${state.to}`;
}
