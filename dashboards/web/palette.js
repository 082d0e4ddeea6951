// Colours of series. A team, a provider or a model keeps its own on every view.
import { recall, keep } from "./store.js";

export const MOST = 5;

/** The colours in force, read from the style sheet, which knows whether it is dark. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    series: Array.from({ length: MOST }, (_, index) => of(`--series-${index + 1}`)),
    other: of("--series-other"),
    ink: of("--ink"),
    muted: of("--muted"),
    line: of("--line"),
    surface: of("--surface"),
    panel: of("--panel"),
    good: of("--good"),
    warning: of("--warning"),
    bad: of("--bad"),
  };
}

/**
 * A place in the palette for each name. One that has had a colour gets it again unless another of the names now has it, and what
 * is new gets the first that is free. -1 is what has no name, and what there is no colour left for.
 */
export function placesOf(kind, names) {
  const kept = recall("colours", {});
  const known = { ...kept[kind] };
  const taken = new Set();
  const places = new Map();
  for (const name of names) {
    const place = known[name];
    if (name === null || place === undefined || taken.has(place)) continue;
    places.set(name, place);
    taken.add(place);
  }
  for (const name of names) {
    if (name === null || places.has(name)) continue;
    const place = Array.from({ length: MOST }, (_, index) => index).find((index) => !taken.has(index));
    if (place === undefined) break;
    places.set(name, place);
    taken.add(place);
    known[name] = place;
  }
  // A browser that has seen a thousand teams keeps the latest.
  const entries = Object.entries(known).slice(-200);
  keep("colours", { ...kept, [kind]: Object.fromEntries(entries) });
  return (name) => places.get(name) ?? -1;
}

export function colourAt(place, set = colours()) {
  return place < 0 ? set.other : set.series[place];
}

export function variableAt(place) {
  return place < 0 ? "var(--series-other)" : `var(--series-${place + 1})`;
}
