// Figures to words. Money is a decimal string from the server and stays exact: whole nanodollars in a BigInt, never a float.

const LOCALE = navigator.language || "en";
const UNIT = 1_000_000_000n;
/** Where there is no figure, because there was nothing to count. */
const NONE = "\u2013";

const parts = new Intl.NumberFormat(LOCALE).formatToParts(1234567.8);
const DECIMAL = parts.find((part) => part.type === "decimal")?.value ?? ".";

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });

/** "12.345" to nanodollars, or null for what is no decimal number. */
export function nanos(text) {
  if (text === null || text === undefined) return null;
  const match = /^(-?)(\d+)(?:\.(\d{1,9})\d*)?$/.exec(String(text));
  if (!match) return null;
  const amount = BigInt(match[2]) * UNIT + BigInt((match[3] ?? "").padEnd(9, "0"));
  return match[1] ? -amount : amount;
}

/** Nanodollars back to the decimal string that the interface takes. */
export function decimal(amount) {
  const size = amount < 0n ? -amount : amount;
  const fraction = String(size % UNIT).padStart(9, "0").replace(/0+$/, "");
  return (amount < 0n ? "-" : "") + String(size / UNIT) + (fraction ? "." + fraction : "");
}

export function sum(texts) {
  let total = 0n;
  for (const text of texts) total += nanos(text) ?? 0n;
  return decimal(total);
}

/** For drawing only: where a bar ends, never what is written beside it. */
export function drawn(text) {
  return text === null || text === undefined ? null : Number(text);
}

function digits(amount, places) {
  const step = 10n ** BigInt(9 - places);
  const size = amount < 0n ? -amount : amount;
  const rounded = (size + step / 2n) / step;
  const unit = 10n ** BigInt(places);
  const fraction = places ? DECIMAL + String(rounded % unit).padStart(places, "0") : "";
  // A minus sign, not a hyphen; and none before what rounds to nothing.
  return (amount < 0n && rounded > 0n ? "\u2212" : "") + "$" + whole.format(rounded / unit) + fraction;
}

/** Two digits, four below a dollar. */
export function money(text) {
  const amount = nanos(text);
  if (amount === null) return "not known";
  const size = amount < 0n ? -amount : amount;
  return digits(amount, size === 0n || size >= UNIT ? 2 : 4);
}

/** Every digit that was given, two at least. */
export function moneyExact(text) {
  const amount = nanos(text);
  if (amount === null) return "not known";
  const size = amount < 0n ? -amount : amount;
  const given = String(size % UNIT).padStart(9, "0").replace(/0+$/, "").length;
  return digits(amount, Math.max(2, given));
}

/** For the labels of an axis, which are round. */
export function moneyAxis(value) {
  return "$" + new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 4 }).format(value);
}

export function moneyPer(text, count) {
  const amount = nanos(text);
  if (amount === null || !count) return null;
  return decimal((amount * 2n + BigInt(count)) / (BigInt(count) * 2n));
}

export function count(value) {
  return value === null || value === undefined ? "not known" : whole.format(value);
}

export function plural(value, one, many = one + "s") {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A share of 0 to 1. Small ones keep two digits; nothing but all is 100%. */
export function share(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const percent = value * 100;
  if (percent > 0 && percent < 0.01) return "under " + fixed(0.01, 2) + "%";
  const places = percent === 0 || percent === 100 ? 0 : percent < 1 ? 2 : percent < 10 || percent > 90 ? 1 : 0;
  const text = fixed(percent, places);
  return (percent < 100 && Number(percent.toFixed(places)) === 100 ? fixed(99.9, 1) : text) + "%";
}

function fixed(value, places) {
  return new Intl.NumberFormat(LOCALE, { minimumFractionDigits: places, maximumFractionDigits: places }).format(value);
}

export function ratio(part, of) {
  return of ? part / of : null;
}

/** A ratio of two amounts of money, for a change; null where there is nothing to compare with. */
export function changeOf(now, before) {
  const a = nanos(now), b = nanos(before);
  if (a === null || b === null || b === 0n) return null;
  return Number(((a - b) * 100000n) / (b < 0n ? -b : b)) / 100000;
}

export function milliseconds(value) {
  if (value === null || value === undefined) return NONE;
  if (value === 0) return "0 ms";
  if (value < 1) return fixed(value, 2) + " ms";
  if (value < 1000) return fixed(value, value < 10 && value % 1 ? 1 : 0) + " ms";
  if (value < 60_000) return fixed(value / 1000, value < 9950 ? 1 : value % 1000 ? 1 : 0) + " s";
  return span(value);
}

/** How long something lasts or lasted: the two largest units. */
export function span(value) {
  const seconds = Math.max(0, Math.round(value / 1000));
  if (seconds < 60) return seconds + " s";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min" + (seconds < 600 && seconds % 60 ? ` ${seconds % 60} s` : "");
  const hours = Math.floor(seconds / 3600);
  if (hours < 48) return hours + " h" + (hours < 12 && Math.floor((seconds % 3600) / 60) ? ` ${Math.floor((seconds % 3600) / 60)} min` : "");
  return plural(Math.floor(hours / 24), "day");
}

const clocks = new Map();
function clock(zone, options) {
  const name = zone + JSON.stringify(options);
  if (!clocks.has(name)) clocks.set(name, new Intl.DateTimeFormat(LOCALE, { timeZone: zone, ...options }));
  return clocks.get(name);
}

export function isZone(zone) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** The calendar day of a moment in a zone, as 2026-11-30. */
export function dayIn(zone, moment) {
  const found = Object.fromEntries(
    clock(zone, { year: "numeric", month: "2-digit", day: "2-digit", calendar: "iso8601", numberingSystem: "latn" })
      .formatToParts(moment)
      .map((part) => [part.type, part.value]),
  );
  return `${found.year}-${found.month}-${found.day}`;
}

export function dayBefore(day, days) {
  const moment = new Date(day + "T12:00:00Z");
  moment.setUTCDate(moment.getUTCDate() - days);
  return moment.toISOString().slice(0, 10);
}

export function daysBetween(first, last) {
  return Math.round((Date.parse(last + "T00:00:00Z") - Date.parse(first + "T00:00:00Z")) / 86_400_000);
}

/** A calendar day has no zone: 2026-11-30 to "30 Nov". */
export function dayName(day, isLong = false) {
  const moment = new Date(day + "T12:00:00Z");
  if (Number.isNaN(moment.getTime())) return day;
  const options = isLong
    ? { weekday: "short", day: "numeric", month: "short", year: "numeric" }
    : { day: "numeric", month: "short" };
  return clock("UTC", options).format(moment);
}

export function hourName(text, zone) {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : clock(zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(moment);
}

/** Day and time of a moment in a zone; without the day where it is today's. */
export function timeIn(zone, text, isLong = false) {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return text ?? "never";
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const day = { day: "numeric", month: "short" };
  if (isLong) return clock(zone, { ...day, year: "numeric", ...time, timeZoneName: "longOffset" }).format(moment);
  const isToday = dayIn(zone, moment) === dayIn(zone, new Date());
  return clock(zone, isToday ? time : { ...day, hour: time.hour, minute: time.minute, hourCycle: "h23" }).format(moment);
}

export function ago(text, now = Date.now()) {
  const past = now - new Date(text).getTime();
  if (!Number.isFinite(past)) return "";
  if (past < -999) return "in " + span(-past);
  return past < 2000 ? "just now" : span(past) + " ago";
}

/** The start of a day of a zone as a moment, found by asking what day the guesses are. */
export function startOfDay(zone, day) {
  const guess = Date.parse(day + "T00:00:00Z");
  // The offset at the guess, and once more at what it gives, for days on which the clocks change.
  let moment = guess;
  for (let round = 0; round < 3; round += 1) moment = guess - offset(zone, moment);
  return new Date(moment).toISOString().replace(/\.\d+Z$/, "Z");
}

function offset(zone, moment) {
  const found = Object.fromEntries(
    clock(zone, {
      year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
      hourCycle: "h23", calendar: "iso8601", numberingSystem: "latn",
    }).formatToParts(moment).map((part) => [part.type, part.value]),
  );
  const there = Date.UTC(found.year, found.month - 1, found.day, found.hour, found.minute, found.second);
  return there - Math.floor(moment / 1000) * 1000;
}
