// What was flagged, refused or withheld, and how sure that is.
import { h } from "./dom.js";
import { get } from "./http.js";
import { choice, link, nothing, panel, stat, table } from "./parts.js";
import { daysOf, period, step } from "./state.js";
import { lines } from "./charts.js";
import { patchOf } from "./spendchart.js";
import { named } from "./words.js";
import { lead } from "./spend.js";
import * as f from "./format.js";

const BY = { team: "Team", model: "Model", provider: "Provider", project: "Project" };

export async function show(root, page) {
  const { state } = page;
  const asked = period(state);
  const slot = step(state);
  const by = state.by in BY ? state.by : state.team || page.who.role !== "admin" ? "model" : "team";
  const days = page.source((signal) => get("/v1/reports/safety", { ...asked, group_by: slot }, { signal }));
  const groups = page.source((signal) => get("/v1/reports/safety", { ...asked, group_by: by }, { signal }));

  root.append(
    panel("Key figures", days, (now) => keyFigures(now.totals), { bars: 3, kind: "stats", empty: (now) => (now.totals?.calls ? null : nothing("No call has ended in this time.")) }),
    panel(`Rates by ${slot}`, days, (now) => rates(now, slot, page), {
      bars: 5, empty: (now) => (now.rows.length ? null : nothing("No call has ended in this time.")),
      note: "Not safe for work: of the images that were checked. Copyright: of those with a verdict. Refused: of calls.",
    }),
    h("div.pick", null, h("span.note", null, "By"), choice("Group by", Object.entries(BY), by, (value) => ({ by: value }))),
    panel(`By ${by}`, groups, (now) => grouped(now, by), { bars: 5, empty: (now) => (now.rows.length ? null : nothing("No call has ended in this time.")) }),
  );
}

function keyFigures(totals) {
  return h("div.stats-row", null,
    stat({ name: "Not safe for work", value: f.share(totals.nsfw_rate), unit: "of checked images", to: { view: "calls", nsfw: "true" }, toLabel: ": list the calls",
      sub: [f.plural(totals.nsfw_images, "image"), totals.nsfw_unchecked ? `${f.count(totals.nsfw_unchecked)} not checked` : "every image was checked"] }),
    stat({ name: "Copyright", value: f.share(totals.copyright_rate), unit: "of verdicts", to: { view: "calls", copyright: "flagged" }, toLabel: ": list the calls",
      sub: [`${f.count(totals.copyright_flagged)} flagged of ${f.count(totals.copyright_checked)} checked`,
        totals.copyright_undetermined ? link({ view: "calls", copyright: "undetermined" }, null, `${f.count(totals.copyright_undetermined)} unclear`) : null] }),
    stat({ name: "Refused", value: f.share(totals.refusal_rate), unit: "of calls", to: { view: "calls", status: "refused" }, toLabel: ": list the calls",
      sub: [`${f.plural(totals.refused, "call")} of ${f.count(totals.calls)}`] }),
    stat({ name: "Withheld", value: f.count(totals.withheld), unit: "images", sub: ["made by the provider and not handed out", `${f.count(totals.pictures)} came back in all`] }));
}

function rates(now, slot, page) {
  const rows = new Map(now.rows.map((row) => [row[slot], row]));
  const slots = slot === "day" && daysOf(page.state) ? daysOf(page.state) : [...rows.keys()].sort();
  const one = (label, key, place) => ({
    label, place,
    values: slots.map((at) => rows.get(at)?.[key] ?? null),
    texts: slots.map((at) => f.share(rows.get(at)?.[key] ?? null)),
  });
  return lines({
    title: `Rates by ${slot}`, height: 240,
    labels: slots.map((at) => (slot === "hour" ? f.hourName(at, page.state.tz) : f.dayName(at))),
    titles: slots.map((at) => (slot === "hour" ? f.timeIn(page.state.tz, at) : f.dayName(at, true))),
    firstTitle: slot === "hour" ? "Hour" : "Day",
    series: [one("NSFW", "nsfw_rate", 0), one("copyright", "copyright_rate", 1), one("refused", "refusal_rate", 2)],
    axis: f.share, most: 0.02,
    to: (at) => ({ view: "calls", ...patchOf(slots[at], slot === "hour") }),
  });
}

function grouped(report, by) {
  const about = Object.fromEntries(report.columns.map((column) => [column.key, column.definition]));
  const figure = (title, key) => ({ title, kind: "figure", about: about[key], cell: (row) => f.count(row[key]) });
  const rate = (title, key) => ({ title, kind: "figure", about: about[key], cell: (row) => f.share(row[key]) });
  return table(`Safety by ${by}`, [
    { title: BY[by], cell: (row) => (row === report.totals ? "All" : lead(by, row[by] ?? null)) },
    figure("Calls", "calls"),
    { title: "Refused", kind: "figure", about: about.refused, cell: (row) => f.count(row.refused) },
    rate("Refusal rate", "refusal_rate"), figure("Images", "pictures"), figure("NSFW", "nsfw_images"), rate("NSFW rate", "nsfw_rate"), figure("Unchecked", "nsfw_unchecked"),
    figure("Copyright checked", "copyright_checked"), figure("Flagged", "copyright_flagged"), rate("Copyright rate", "copyright_rate"), figure("Unclear", "copyright_undetermined"), figure("Withheld", "withheld"),
  ], [...report.rows].sort((a, b) => b.nsfw_images + b.copyright_flagged - a.nsfw_images - a.copyright_flagged || String(named(a[by])).localeCompare(named(b[by]))), { total: report.totals });
}
