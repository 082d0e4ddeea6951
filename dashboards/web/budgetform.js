// Setting and raising a budget, with what it would do before it is done.
import { add, fill, h } from "./dom.js";
import { send } from "./http.js";
import { button, facts, mark, money, table, toast } from "./parts.js";
import { check, dialog, field, form, select, text } from "./dialog.js";
import { amount, limitNow, termsOf } from "./budgetbar.js";
import { level, PERIODS, scope } from "./words.js";
import * as f from "./format.js";

const KINDS = [["org", "The whole organisation"], ["team", "A team"], ["project", "A project of a team"], ["key", "One key"]];

export function setBudget(budget, page) {
  const [kind, ...rest] = (budget?.scope ?? "team:").split(":");
  const scopeKind = field("For", select("kind", KINDS, kind));
  const name = field("Name", text("scope", { value: rest.join(":"), list: "scope-names" }));
  const period = field("Period", select("period", Object.entries(PERIODS), budget?.period ?? "month"));
  const unit = field("Counts", select("unit", [["usd", "US dollars"], ["images", "Images"]], budget?.limit_images !== undefined ? "images" : "usd"));
  const limit = field("Limit", text(budget?.limit_images !== undefined ? "limit_images" : "limit_usd", { inputmode: "decimal", value: budget?.limit_usd ?? budget?.limit_images ?? "" }));
  const hard = check("hard", "Hard: calls that do not fit are stopped", budget?.hard ?? true, "Without it the budget only warns.");
  const warn = field("Warn at", text("warn_at", { value: (budget?.warn_at ?? [50, 80]).join(", "), placeholder: "50, 80" }), { help: "Percent of the limit." });
  const zone = field("Time zone", text("timezone", { value: budget?.timezone ?? page.state.tz }), { help: "Its days, weeks and months begin at midnight there." });
  const names = h("datalist", { id: "scope-names" }, (page.teams() ?? []).map((team) => h("option", { value: team })));

  const arrange = () => {
    const chosen = scopeKind.input.value;
    name.hidden = chosen === "org";
    name.querySelector("label").textContent = { team: "Team", project: "Project, as TEAM/NAME", key: "Key, by its id" }[chosen] ?? "Name";
    limit.input.name = unit.input.value === "images" ? "limit_images" : "limit_usd";
    limit.querySelector("label").textContent = unit.input.value === "images" ? "Limit, images" : "Limit, US dollars";
  };
  scopeKind.input.addEventListener("change", arrange);
  unit.input.addEventListener("change", arrange);
  arrange();
  if (budget) for (const one of [scopeKind, name, period]) one.input.disabled = true;

  const body = () => {
    const isImages = unit.input.value === "images";
    const raw = limit.input.value.trim().replace(/^\$/, "");
    return {
      scope: scopeKind.input.value === "org" ? "org" : `${scopeKind.input.value}:${name.input.value.trim()}`,
      period: period.input.value,
      ...(isImages ? { limit_images: /^\d+$/.test(raw) ? Number(raw) : raw } : { limit_usd: raw }),
      hard: hard.input.checked,
      warn_at: warn.input.value.split(/[,\s]+/).filter(Boolean).map((word) => (Number.isInteger(Number(word.replace("%", ""))) ? Number(word.replace("%", "")) : word)),
      timezone: zone.input.value.trim() || "UTC",
    };
  };

  dialog(budget ? `Change: ${scope(budget.scope)}` : "Set a budget", (close, place) => {
    const fields = [scopeKind, name, period, unit, limit, hard, warn, zone];
    const edit = form(fields, "Show who is affected", async () => {
      if (limit.input.value.trim() === "") {
        limit.say("Say how much.");
        return limit.input.focus();
      }
      const terms = body();
      const preview = await send("PUT", "/v1/budgets", { query: { preview: "true" }, body: terms });
      edit.hidden = true;
      place.append(confirmation(terms, preview, budget, page, {
        back: (element) => {
          element.remove();
          edit.hidden = false;
          limit.input.focus();
        },
        close,
      }));
    }, { close });
    edit.classList.add("two-columns");
    return [names, edit];
  }, { isWide: true });
}

function confirmation(terms, preview, before, page, { back, close }) {
  const wording = [terms.limit_usd !== undefined ? money(terms.limit_usd) : f.plural(Number(terms.limit_images), "image"), " ", PERIODS[terms.period], ", ", h("b", null, terms.hard ? "hard" : "soft")];
  const element = form([], before ? "Change it" : "Set it", async () => {
    await send("PUT", "/v1/budgets", { body: terms });
    close();
    toast("The budget is set.");
    page.refresh();
  }, { close, extra: button("Back", () => back(element), { class: "quiet" }) });
  const was = preview?.budget?.was ?? null;
  element.prepend(
    h("h3", { tabindex: "-1" }, "This would change"),
    facts([
      ["Budget", scope(terms.scope)],
      ["New terms", wording],
      ["Until now", was ? [was.limit_usd !== undefined ? money(was.limit_usd) : f.plural(was.limit_images ?? 0, "image"), " ", PERIODS[was.period], ", ", was.hard ? "hard" : "soft"] : before ? termsOf(before) : "no budget"],
    ]),
    affected(preview, terms));
  requestAnimationFrame(() => element.querySelector("h3").focus());
  return element;
}

/** Who is affected, and what would be so at once: the server reckons it, nothing is changed. */
function affected(preview, terms) {
  const { budget, teams = [] } = preview;
  const left = budget.remaining_usd ?? budget.remaining_images;
  return h("div.affected", null,
    facts([
      ["Spent in this window", amount(budget, "spent")],
      ["Reserved", amount(budget, "reserved")],
      left === undefined ? null : ["Left", amount(budget, "remaining")],
      ["It would be", level(budget.level)],
    ]),
    preview.refuses_all
      ? h("p.stale", null, mark("bad", "every call is refused"), "Nothing is left under this limit: calls under way end as they would, new ones are refused until it resets or is raised.")
      : budget.level === "exceeded"
        ? h("p.stale", null, mark("warning", terms.hard ? "nearly everything is refused" : "already over"), terms.hard ? "Calls that do not fit what is left are refused." : "Nothing is stopped; it warns at once.")
        : null,
    teams.length
      ? table("Whose calls count for it", [
        { title: "Team", cell: (row) => row.team },
        { title: "Keys in use", kind: "figure", cell: (row) => f.count(row.keys) },
        { title: "Spent", kind: "figure", cell: (row) => money(row.spent_usd) },
        { title: "Reserved", kind: "figure", cell: (row) => money(row.reserved_usd) },
      ], teams, { kind: "plain", isCaptionSeen: true })
      : h("p.note", null, "Nobody's calls count for it yet."));
}

export function raiseBudget(budget, page) {
  const isMoney = budget.limit_usd !== undefined;
  const by = field(isMoney ? "By how many US dollars" : "By how many images", text(isMoney ? "by_usd" : "by_images", { inputmode: "decimal", required: true }));
  const until = field("Until", text("until", { type: "date", required: true, min: f.dayIn(page.state.tz, new Date()) }), { help: `The end of that day in ${page.state.tz}.` });
  const preview = h("p.note", { role: "status" });
  by.input.addEventListener("input", () => {
    const more = f.nanos(by.input.value.trim().replace(/^\$/, ""));
    const limit = f.nanos(budget.limit_usd);
    fill(preview);
    if (isMoney && more !== null && more > 0n && limit !== null) {
      const next = limit + more;
      const left = next - (f.nanos(budget.spent_usd) ?? 0n) - (f.nanos(budget.reserved_usd) ?? 0n);
      add(preview, ["The limit becomes ", money(f.decimal(next)), "; ", left > 0n ? [money(f.decimal(left)), " would be left now."] : "it would still be used up."]);
    }
  });
  dialog(`Raise: ${scope(budget.scope)}`, (close) => [
    h("p", null, "Now ", limitNow(budget), ", of which ", amount(budget, "spent"), " is spent and ", amount(budget, "reserved"), " reserved. The limit falls back by itself."),
    form([by, until], "Raise it", async () => {
      const raw = by.input.value.trim().replace(/^\$/, "");
      if (!raw) return by.say("Say by how much.");
      if (!until.input.value) return until.say("Choose a day.");
      const end = f.startOfDay(page.state.tz, f.dayBefore(until.input.value, -1));
      await send("POST", `/v1/budgets/${budget.id}/raise`, { body: { ...(isMoney ? { by_usd: raw } : { by_images: /^\d+$/.test(raw) ? Number(raw) : raw }), until: end } });
      close();
      toast("The limit is raised.");
      page.refresh();
    }, { close, extra: preview }),
  ]);
}
