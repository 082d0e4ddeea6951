// The words of the interface and of the reports, as the page says them.
import { mark } from "./parts.js";
import * as f from "./format.js";

const STATUSES = {
  succeeded: ["good", "succeeded"],
  partial: ["warning", "partial"],
  refused: ["warning", "refused"],
  failed: ["bad", "failed"],
  in_progress: ["idle", "in progress"],
  pending: ["idle", "under way"],
  unknown: ["warning", "unknown"],
};

export function status(name) {
  const [kind, word] = STATUSES[name] ?? ["idle", name ?? "unknown"];
  return mark(kind, word);
}

export const STATUS_NAMES = { in_progress: "in progress", succeeded: "succeeded", partial: "partial", refused: "refused", failed: "failed" };

const BASES = {
  provider: ["good", "the provider said so"],
  price_book: ["idle", "estimated from the price book"],
  unknown: ["warning", "not known; counted at its upper bound"],
};

/** Who said what something cost. */
export function basis(name, isKnown = true) {
  if (!name) return mark("idle", "nothing to pay");
  if (name === "unknown" && !isKnown) return mark("warning", "not known yet");
  const [kind, word] = BASES[name] ?? ["idle", name];
  return mark(kind, word);
}

export function scope(text) {
  const [kind, ...rest] = text.split(":");
  const name = rest.join(":");
  if (kind === "org") return "Organisation";
  if (kind === "key") return "Key " + name.slice(0, 8);
  return (kind === "team" ? "Team " : "Project ") + name;
}

export const PERIODS = { day: "a day", week: "a week", month: "a month", total: "in total" };

/** A budget's own window, for a sentence. */
export function windowOf(budget) {
  return { day: "today", week: "this week", month: "this month", total: "in total" }[budget.period] ?? budget.period;
}

export function level(name) {
  if (name === "exceeded") return mark("bad", "used up");
  return name === "warning" || name === "warned" ? mark("warning", "past a warning") : mark("good", "fine");
}

const STATES = {
  ok: ["good", "working"],
  slow: ["warning", "slow"],
  cooling_down: ["warning", "left alone for a while"],
  probing: ["warning", "being tried"],
  down: ["bad", "down"],
};

export function providerState(provider) {
  const [kind, word] = STATES[provider.state] ?? ["idle", provider.state];
  return mark(kind, word);
}

const BREAKERS = { closed: "closed: calls pass", open: "open: no calls pass", half_open: "half open: one call tries" };
export function breaker(name) {
  return BREAKERS[name] ?? name;
}

const VERDICTS = { not_requested: "not requested", clear: "clear", flagged: "flagged", undetermined: "undetermined" };
export function verdict(name) {
  return VERDICTS[name] ?? name;
}

const SEVERITIES = { info: "idle", warning: "warning", critical: "bad" };
export function severity(name) {
  return mark(SEVERITIES[name] ?? "warning", name);
}

/** What a report or a list calls nothing. */
export function named(value, what = "none") {
  return value === null || value === undefined || value === "" ? `(${what})` : String(value);
}

export function gapsOf(value) {
  return [
    value.unpriced_attempts ? f.plural(value.unpriced_attempts, "attempt") + " without a price" : null,
    value.unknown_attempts ? f.plural(value.unknown_attempts, "attempt") + " with an unknown outcome" : null,
    value.journal_pending ? f.plural(value.journal_pending, "settlement") + " still in a journal" : null,
    value.journal_set_aside ? f.plural(value.journal_set_aside, "settlement") + " set aside" : null,
    value.unsummed_windows ? f.plural(value.unsummed_windows, "window") + " that cannot be summed up" : null,
    value.rollup_lag_s > 60 ? `rollups ${f.span(value.rollup_lag_s * 1000)} behind` : null,
  ].filter(Boolean);
}

