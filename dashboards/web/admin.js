// What admins do often: keys, alerts, and who changed what.
import { fill, h, unseen } from "./dom.js";
import { get, send } from "./http.js";
import { button, choice, copyButton, details, facts, link, mark, nothing, panel, table, time, toast, trouble } from "./parts.js";
import { check, confirm, dialog, field, form, select, text } from "./dialog.js";
import { go } from "./state.js";
import { muteAlert } from "./mute.js";
import { severity } from "./words.js";
import * as f from "./format.js";

const TABS = [["keys", "Keys"], ["alerts", "Alerts"], ["audit", "Audit log"]];

export async function show(root, page) {
  const tab = TABS.some(([name]) => name === page.state.tab) ? page.state.tab : "keys";
  root.append(h("div.pick", null, choice("Part", TABS, tab, (value) => ({ tab: value }))));
  ({ keys, alerts, audit })[tab](root, page);
}

// MARK: - Keys

function keys(root, page) {
  const { state } = page;
  const list = page.source((signal) => get("/v1/keys", { team: state.team }, { signal }));
  root.append(panel("Keys", list, (now) => keyTable(now, page), {
    bars: 6, actions: [button("Make a key", () => makeKey(page, list), { class: "primary" })],
    note: "A key is shown once, when it is made; here are its first characters.",
    empty: (now) => (now.keys.length ? null : nothing(state.team ? `Team ${state.team} has no keys.` : "There are no keys but the operator's own.")),
  }));
}

function keyTable(now, page) {
  const stateOf = (key) => (key.revoked_at ? mark("idle", "revoked") : key.expires_at && Date.parse(key.expires_at) <= Date.now() ? mark("idle", "expired") : mark("good", "in use"));
  const isLive = (key) => !key.revoked_at && !(key.expires_at && Date.parse(key.expires_at) <= Date.now());
  const sorted = [...now.keys].sort((a, b) => Number(isLive(b)) - Number(isLive(a)) || a.team.localeCompare(b.team) || b.created_at.localeCompare(a.created_at));
  return table("Keys", [
    { title: "Key", cell: (key) => h("code", null, key.prefix + "…") },
    { title: "Team", cell: (key) => key.team },
    { title: "Project", cell: (key) => (key.project === null ? "any" : [key.project, key.project_bound ? h("div.note", null, "no other") : null]) },
    { title: "Role", cell: (key) => key.role },
    { title: "State", cell: (key) => [stateOf(key), key.revoked_at ? h("div.note", null, time(page.state, key.revoked_at)) : null] },
    { title: "Limits", cell: (key) => limits(key) },
    { title: "Made", cell: (key) => time(page.state, key.created_at) },
    { title: "Expires", cell: (key) => time(page.state, key.expires_at) },
    { title: "", cell: (key) => h("div.row-buttons", null, link({ view: "calls", q: key.id, range: "30d" }, { class: "button small quiet" }, "Calls", unseen(` of key ${key.prefix}`)),
      isLive(key) ? button("Revoke", () => revoke(key, page), { class: "small" }, unseen(` ${key.prefix}`)) : null) },
  ], sorted, { kind: "middle", rowClass: (key) => (isLive(key) ? "" : "is-past") });
}

function limits(key) {
  const words = [
    key.requests_per_minute === null ? null : `${f.count(key.requests_per_minute)} a minute`,
    key.max_concurrent === null ? null : `${f.count(key.max_concurrent)} at once`,
    key.inline_policies ? "own policies" : null,
  ].filter(Boolean);
  return words.length ? words.join(", ") : "none";
}

function makeKey(page, list) {
  const names = page.teams() ?? [];
  const team = field("Team", text("team", { list: "team-names", required: true, value: page.state.team ?? (names.length === 1 ? names[0] : "") }), { help: "A team that is not there yet is created by easel team create." });
  const role = field("Role", select("role", [["member", "member: its own team"], ["admin", "admin: everything"]], "member"));
  const project = field("Project", text("project", { maxlength: 128 }), { help: "What its calls count for, unless they name another. May be empty." });
  const bound = check("project_bound", "Its calls may not name another project", false);
  const expires = field("Last day", text("expires_at", { type: "date", min: f.dayIn(page.state.tz, new Date()) }), { help: "Empty: it never expires." });
  const rate = field("Requests a minute", text("requests_per_minute", { inputmode: "numeric" }), { help: "Empty: not limited." });
  const most = field("Requests at once", text("max_concurrent", { inputmode: "numeric" }), { help: "Empty: not limited." });
  const inline = check("inline_policies", "Its requests may carry routing policies of their own", false);
  const number = (one) => {
    const raw = one.input.value.trim();
    return raw === "" ? undefined : /^\d+$/.test(raw) ? Number(raw) : raw;
  };
  dialog("Make a key", (close, place) => {
    const element = form([team, role, project, bound, expires, rate, most, inline], "Make it", async () => {
      if (!team.input.value.trim()) {
        team.say("Name a team.");
        return team.input.focus();
      }
      const made = await send("POST", "/v1/keys", {
        body: {
          team: team.input.value.trim(), role: role.input.value, project: project.input.value.trim() || undefined,
          project_bound: bound.input.checked || undefined, inline_policies: inline.input.checked || undefined,
          expires_at: expires.input.value ? f.startOfDay(page.state.tz, f.dayBefore(expires.input.value, -1)) : undefined,
          requests_per_minute: number(rate), max_concurrent: number(most),
        },
      });
      list.load();
      fill(place, shownOnce(made, close));
      place.querySelector("h3").focus();
    }, { close });
    element.classList.add("two-columns");
    return [h("datalist", { id: "team-names" }, names.map((name) => h("option", { value: name }))), element];
  }, { isWide: true });
}

/** The one time a key is seen. It is in no other place of the page, and gone with the dialog. */
function shownOnce(made, close) {
  return h("div.once", null,
    h("h3", { tabindex: "-1" }, "Copy the key now"),
    h("p", null, "It is shown this once. Easel keeps only a fingerprint of it; whoever loses it gets a new one."),
    h("div.command", null, h("code", { tabindex: "0", data: { secret: "" } }, made.key), copyButton(made.key, "Copy the key", { shown: "Copy" })),
    facts([["Team", made.team], ["Role", made.role], ["Project", made.project ?? "any"]]),
    h("div.form-buttons", null, button("I have copied it", close, { class: "primary" })));
}

function revoke(key, page) {
  confirm("Revoke the key", [
    h("p", null, "Requests with ", h("code", null, key.prefix + "…"), " of team ", h("b", null, key.team), " are refused from now on; other gateways notice within seconds, and those signed in with it are signed out."),
    "Calls under way end as they would. This cannot be taken back.",
  ], "Revoke", async () => {
    await send("DELETE", `/v1/keys/${key.id}`);
    toast("The key is revoked.");
    page.refresh();
  });
}

// MARK: - Alerts

function alerts(root, page) {
  const { state } = page;
  const now = page.source((signal) => get("/v1/alerts", {}, { signal }));
  const events = page.source((signal) => get("/v1/alerts/events", { limit: 30 }, { signal }));
  const watched = (value) => (value.rules.length ? null : nothing("Nothing is watched: the configuration names no destination. docs/alerts.md has examples."));
  root.append(
    panel("Firing", now, (value) => {
      const firing = value.alerts.filter((alert) => alert.state === "firing");
      return firing.length ? h("ul.attention", null, firing.map((alert) => h("li", null, severity(alert.severity),
        h("div", null, h("p", null, alert.summary), h("p.note", null, `${alert.rule}, ${alert.subject}, ${alert.value}, since `, time(state, alert.since), alert.muted_until ? [", muted until ", time(state, alert.muted_until)] : "")),
        alert.muted_until ? null : button("Mute", () => muteAlert(alert, page), { class: "small" }, unseen(` ${alert.rule} for ${alert.subject}`))))) : nothing("Nothing fires.");
    }, { bars: 3 }),
    panel("Mutes", now, (value) => table("Mutes", [
      { title: "Rule", cell: (mute) => mute.rule },
      { title: "Which", cell: (mute) => mute.subject ?? "every subject" },
      { title: "Until", cell: (mute) => time(state, mute.until) },
      { title: "", cell: (mute) => button("End", async () => {
        await send("DELETE", `/v1/alerts/mutes/${mute.id}`).then(() => toast("The mute has ended."), (problem) => toast(problem.message));
        page.refresh();
      }, { class: "small" }, unseen(` the mute of ${mute.rule}`)) },
    ], value.mutes, { kind: "middle" }), { bars: 2, empty: (value) => (value.mutes.length ? null : nothing("Nothing is muted.")) }),
    panel("What is watched", now, (value) => table("Rules", [
      { title: "Rule", cell: (rule) => rule.name },
      { title: "Fires when", kind: "wide", cell: (rule) => `${rule.on.replaceAll("_", " ")}: ${rule.condition}` },
      { title: "Tells", cell: (rule) => rule.to.join(", ") },
      { title: "Firing", kind: "figure", cell: (rule) => f.count(rule.firing) },
      { title: "", cell: (rule) => (rule.muted_until ? mark("idle", "muted") : button("Mute", () => muteAlert({ rule: rule.name, subject: null }, page), { class: "small quiet" }, unseen(` ${rule.name}`))) },
    ], value.rules, { kind: "middle" }), { bars: 5, empty: watched }),
    panel("What was sent", events, (value) => table("Sent", [
      { title: "When", cell: (event) => time(state, event.at) },
      { title: "What", kind: "wide", cell: (event) => [event.title, h("div.note", null, `${event.rule}, ${event.subject}`)] },
      { title: "Severity", cell: (event) => severity(event.severity) },
      { title: "Arrived", kind: "wide", cell: (event) => (event.muted ? mark("idle", "muted") : event.deliveries.map((one) => h("div", null, mark({ delivered: "good", sent: "good", pending: "idle", dead: "bad" }[one.status] ?? "idle", `${one.destination}: ${one.status}`), one.last_error ? h("div.note", null, one.last_error) : null))) },
    ], value.events), { bars: 5, empty: (value) => (value.events.length ? null : nothing("Nothing was sent yet.")) }),
  );
}

// MARK: - Audit log

function audit(root, page) {
  const { state } = page;
  const since = f.startOfDay(state.tz, f.dayBefore(f.dayIn(state.tz, new Date()), 89));
  let cursor = null;
  const list = page.source((signal) => get("/v1/audit", { since, limit: 50 }, { signal }));
  root.append(panel("Who changed what", list, (now) => {
    cursor = now.next_cursor ?? null;
    const rows = [...now.events];
    const place = h("div");
    const draw = () => fill(place, table("Changes", [
      { title: "When", cell: (event) => time(state, event.at) },
      { title: "Who", cell: (event) => actor(event.actor) },
      { title: "What", cell: (event) => h("b", null, String(event.action).replaceAll(/[._]/g, " ")) },
      { title: "Of what", cell: (event) => h("span.id", null, event.subject ?? "") },
      { title: "Change", kind: "wide", cell: (event) => difference(event.before, event.after) },
    ], rows), cursor ? button("Older changes", more) : h("p.note", null, "That is all of the last 90 days."));
    const more = async () => {
      try {
        const next = await get("/v1/audit", { since, limit: 50, cursor }, { signal: page.signal });
        cursor = next.next_cursor ?? null;
        rows.push(...next.events);
        draw();
      } catch (problem) {
        if (problem.kind !== "left") place.append(trouble(problem, null));
      }
    };
    draw();
    return place;
  }, { bars: 6, note: "Changes of keys, budgets, prices, teams, mutes and of the log, by the page, the command line and programs alike. Secrets are never in it.", empty: (now) => (now.events.length ? null : nothing("Nothing was changed in the last 90 days.")) }));
}

function actor(who) {
  if (!who) return "the operator";
  const name = who.name ?? who.team ?? "the operator";
  return [who.team ?? name, who.key_id && who.team ? h("div.note.id", null, who.key_id.slice(0, 13)) : null];
}

/** Only what differs; the whole of it folded away. */
function difference(before, after) {
  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const word = (value) => (value === null || value === undefined ? "none" : typeof value === "object" ? JSON.stringify(value) : String(value));
  if (!isObject(before) && !isObject(after)) return before === undefined && after === undefined ? "" : `${word(before)} → ${word(after)}`;
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter((key) => word(before?.[key]) !== word(after?.[key]));
  if (!keys.length) return "";
  const lines = (some) => h("ul.changes", null, some.map((key) => h("li", null, h("span.note", null, key.replaceAll("_", " "), ": "), before ? [h("del", null, word(before[key])), " "] : null, h("ins", null, word(after?.[key])))));
  return keys.length <= 4 ? lines(keys) : [lines(keys.slice(0, 3)), details(`${keys.length - 3} more`, lines(keys.slice(3)))];
}
