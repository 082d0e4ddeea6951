// The frame of the page: who is signed in, which view is shown, the bar above it, the line below it, the keyboard.
import { add, announce, fill, h, icon, unseen } from "./dom.js";
import { address, daysOf, go, RANGES, rangeName, read } from "./state.js";
import { get, send } from "./http.js";
import { live } from "./live.js";
import { button, link, Source, trouble } from "./parts.js";
import { sweep } from "./charts.js";
import { chooseTheme, chosenTheme, keep, recall } from "./store.js";
import { listen as listenToKeys } from "./keys.js";
import { signIn } from "./signin.js";
import { dialog, field, form, select, text } from "./dialog.js";
import { gapsOf } from "./words.js";
import * as f from "./format.js";

const VIEWS = {
  overview: { name: "Overview", key: "o" },
  spend: { name: "Spend", key: "s" },
  budgets: { name: "Budgets", key: "b" },
  providers: { name: "Providers", key: "p" },
  safety: { name: "Safety", key: "f" },
  calls: { name: "Calls", key: "c" },
  data: { name: "Data quality", key: "d", icon: "data" },
  admin: { name: "Admin", key: "a", admin: true },
};
// How old figures get while something happens and somebody looks.
const REFRESH = 60_000;

const app = document.getElementById("app");
let who = null;
let teams = null;
let shown = null; // { view, controller, sources, refresh, isDirty }
let parts = null;

async function start() {
  try {
    who = await get("/v1/session");
  } catch (problem) {
    if (problem.kind === "signed-out") return showSignIn(null);
    return fill(app, h("main.alone", { id: "main" }, h("h1", null, "Easel"), trouble(problem, start)));
  }
  showFrame();
}

function showSignIn(note) {
  live.stop();
  leave();
  who = null;
  teams = null;
  signIn(app, note, (session) => {
    who = session;
    showFrame();
  });
}

async function signOut() {
  try {
    await send("DELETE", "/v1/session");
  } catch (problem) {
    if (problem.kind !== "signed-out") return announce(problem.message);
  }
  showSignIn("You are signed out.");
}

function showFrame() {
  parts = {
    nav: h("ul.views"),
    heading: h("h1", { tabindex: "-1" }),
    bar: h("div.bar", { role: "group", "aria-label": "What is shown" }),
    main: h("main.main", { id: "main", tabindex: "-1" }),
    age: h("span"),
    quality: h("span.quality"),
    live: h("span.live"),
  };
  const menu = h("button.button.quiet.square.menu", { type: "button", "aria-expanded": "false", "aria-controls": "side", "aria-label": "Views" }, icon("menu"));
  const side = h("div.side", { id: "side" },
    h("div.brand", null, h("img", { src: "/assets/icon.svg", alt: "", width: 24, height: 24 }), h("span", null, "Easel")),
    h("nav", { "aria-label": "Views" }, parts.nav),
    h("div.side-foot", null, themeSwitch(),
      h("div.who", null, h("div", null, h("b", null, who.team), unseen(", ")), h("div.note", null, who.role === "admin" ? "admin, all teams" : "member, own team")),
      h("div.side-buttons", null, button("Keys of the keyboard", () => document.dispatchEvent(new CustomEvent("easel:help")), { class: "quiet small" }),
        button("Sign out", signOut, { class: "quiet small" }))));
  const frame = h("div.frame", null, side,
    h("div.content", null,
      h("header.top", null, menu, parts.heading, parts.bar),
      parts.main,
      h("footer.foot", null, h("div.foot-line", null, parts.live, parts.age, button("Refresh", () => refresh(true), { class: "quiet small" })), parts.quality)));
  menu.addEventListener("click", () => setMenu(frame, menu, !frame.classList.contains("with-menu")));
  frame.addEventListener("keydown", (event) => event.key === "Escape" && frame.classList.contains("with-menu") && setMenu(frame, menu, false));
  side.addEventListener("click", (event) => event.target.closest("a") && setMenu(frame, menu, false));
  fill(app, frame);
  showLive();
  showView();
  live.start();
}

function setMenu(frame, menu, isOpen) {
  frame.classList.toggle("with-menu", isOpen);
  menu.setAttribute("aria-expanded", String(isOpen));
  if (isOpen) frame.querySelector(".views a")?.focus();
  else if (document.activeElement?.closest(".side")) menu.focus();
}

function themeSwitch() {
  return h("fieldset.theme", null, h("legend.unseen", null, "Theme"), ["system", "light", "dark"].map((word) =>
    h("label", null, h("input", { type: "radio", name: "theme", value: word, checked: chosenTheme() === word, on: { change: () => chooseTheme(word) } }),
      h("span", null, word[0].toUpperCase() + word.slice(1)))));
}

// MARK: - The view

function leave() {
  shown?.controller.abort();
  shown = null;
}

async function showView() {
  if (!who) return;
  const before = shown?.view;
  const isSameView = before === read().view && shown?.call === (read().call ?? null);
  leave();
  const state = read();
  const view = VIEWS[state.view] ? state.view : "overview";
  if (!location.search.includes("tz=")) history.replaceState(null, "", address({ view, ...state }));
  const controller = new AbortController();
  const mine = { view, call: state.call ?? null, controller, sources: [], others: [], isDirty: false, refreshed: Date.now() };
  shown = mine;
  showNav(view);
  showBar(state, view);
  const title = view === "calls" && state.call ? "Call" : VIEWS[view].name;
  parts.heading.textContent = title;
  document.title = `${title} · Easel`;
  parts.main.setAttribute("aria-busy", "true");
  const root = h("div.view", { class: "view-" + view });
  const context = {
    state, who, signal: controller.signal, title,
    source(path, isKept = true) {
      const source = new Source(path, controller.signal);
      if (isKept) {
        mine.sources.push(source);
        source.listen(() => mine === shown && showQuality());
      }
      source.load();
      return source;
    },
    refresh: () => refresh(true),
    /** What a view reads by itself, and is to read again: `act(isAsked)`. */
    again: (act) => mine.others.push(act),
    setTitle(words) {
      parts.heading.textContent = words;
      document.title = `${words} · Easel`;
    },
    on(kind, act) {
      live.addEventListener(kind, (event) => act(event.detail), { signal: controller.signal });
    },
    teams: () => teams,
  };
  let module;
  try {
    module = await import(`./${view === "calls" && state.call ? "call" : view}.js`);
    if (controller.signal.aborted) return;
    if (VIEWS[view].admin && who.role !== "admin") {
      add(root, [trouble({ kind: "denied", message: `This view is for admins; the key you are signed in with is a member's of team ${who.team}.` })]);
    } else if (state.team && who.role !== "admin" && state.team !== who.team) {
      // The server refuses each of its answers; one sentence says so.
      add(root, [trouble({ kind: "denied", message: `The address names team ${state.team}; the key you are signed in with sees only its own, ${who.team}.` }), link({ team: null }, { class: "button" }, `Show team ${who.team}`)]);
    } else await module.show(root, context);
  } catch (error) {
    if (controller.signal.aborted) return;
    console.error(error);
    add(root, [trouble({ kind: error.kind ?? "server", message: "The view could not be shown: " + error.message }, showView)]);
  }
  if (controller.signal.aborted) return;
  fill(parts.main, root);
  parts.main.removeAttribute("aria-busy");
  sweep();
  showQuality();
  if (before !== undefined && !isSameView) {
    scrollTo(0, 0);
    parts.heading.focus({ preventScroll: true });
    announce(title);
  }
  if (!teams && who.role === "admin") readTeams();
}

/** What the view reads, again; by itself only what has changed and is looked at. */
function refresh(isAsked) {
  if (!shown) return;
  shown.isDirty = false;
  shown.refreshed = Date.now();
  for (const source of shown.sources) if (isAsked || !source.isLoading) source.load();
  for (const act of shown.others) act(isAsked);
  if (isAsked) announce("Reading again.");
}

setInterval(() => {
  showAge();
  if (!shown || document.hidden) return;
  const isDue = Date.now() - shown.refreshed > REFRESH;
  // Without the stream nobody says that something has happened, so it is looked up.
  if (isDue && (shown.isDirty || live.state !== "on")) refresh(false);
}, 5000);
live.addEventListener("call", () => shown && (shown.isDirty = true));
live.addEventListener("reset", () => {
  if (!shown) return;
  // A stream begins with it; what was read a moment ago is not read twice, only once more when the minute is over.
  if (Date.now() - shown.refreshed < 5000) shown.isDirty = true;
  else refresh(false);
});
// A stream that is refused may be that of a session which is over: asking who is signed in finds out.
live.addEventListener("refused", () => who && get("/v1/session").catch(() => {}));
for (const kind of ["budget", "provider", "alert"]) {
  live.addEventListener(kind, () => {
    if (!shown) return;
    // A change of state is shown soon, a burst of them once.
    shown.isDirty = true;
    shown.refreshed = Math.min(shown.refreshed, Date.now() - REFRESH + 4000);
  });
}
live.addEventListener("state", showLive);
document.addEventListener("easel:state", showView);
document.addEventListener("easel:refresh", () => refresh(true));
addEventListener("popstate", showView);
document.addEventListener("easel:signed-out", () => {
  if (who) showSignIn("The session has ended, because it is over or because its key was revoked. Sign in again to go on where you were.");
});
document.addEventListener("click", (event) => {
  const anchor = event.target.closest?.("a[data-inside]");
  if (!anchor || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const target = new URL(anchor.href);
  if (target.pathname + target.search === location.pathname + location.search) return refresh(true);
  history.pushState(null, "", target.pathname + target.search);
  showView();
});

// MARK: - The frame's parts

function showNav(view) {
  fill(parts.nav, Object.entries(VIEWS).filter(([, one]) => !one.admin || who.role === "admin").map(([name, one]) =>
    h("li", { class: one.admin ? "apart" : "" }, link({ view: name, call: null }, { "aria-current": name === view ? "page" : null, title: `g ${one.key}` }, icon(one.icon ?? name), h("span", null, one.name)))));
}

function showBar(state, view) {
  const hasRange = !(view === "admin" || view === "budgets" || state.call);
  const range = h("select", { "aria-label": "Time range", on: { change: (event) => chooseRange(event.target, state) } },
    Object.entries(RANGES).map(([value, name]) => h("option", { value, selected: state.range === value }, name)),
    state.range === "custom" ? h("option", { value: "custom", selected: true }, customName(state)) : null,
    h("option", { value: "choose" }, "Other days…"));
  fill(parts.bar, hasRange ? range : null, hasTeams(view, state) ? teamSelect(state) : null, zoneSelect(state));
}

function hasTeams(view, state) {
  return view !== "data" && !state.call && !(view === "admin" && state.tab && state.tab !== "keys");
}

function customName(state) {
  return state.from === state.to ? f.dayName(state.from) : `${f.dayName(state.from)} to ${f.dayName(state.to)}`;
}

function chooseRange(element, state) {
  if (element.value !== "choose") return go({ range: element.value, since: null, until: null });
  element.value = state.range;
  const days = daysOf(state) ?? [f.dayIn(state.tz, new Date())];
  const first = field("First day", text("from", { type: "date", required: true, value: days[0] }));
  const last = field("Last day", text("to", { type: "date", required: true, value: days.at(-1) }), { help: `Both are included, as days in ${state.tz}.` });
  dialog("Other days", (close) => form([first, last], "Show", () => {
    const from = first.input.value, to = last.input.value;
    if (!from) return first.say("Choose a day.");
    if (!to || to < from) return last.say("Choose a day that is not before the first one.");
    close();
    go({ range: "custom", from, to, since: null, until: null });
  }, { close }));
}

function teamSelect(state) {
  if (who.role !== "admin") return h("span.pinned", null, unseen("Team: "), who.team);
  const names = [...new Set([...(teams ?? []), ...(state.team ? [state.team] : [])])].sort();
  return h("select.teams", { "aria-label": "Team", on: { change: (event) => go({ team: event.target.value || null }) } },
    h("option", { value: "", selected: !state.team }, "All teams"),
    names.map((name) => h("option", { value: name, selected: state.team === name }, name)));
}

async function readTeams() {
  try {
    teams = (await get("/v1/teams")).teams.map((team) => team.name);
  } catch {
    return; // The bar then offers what it knows; the next view asks again.
  }
  const old = parts.bar.querySelector("select.teams");
  if (old && document.activeElement !== old) old.replaceWith(teamSelect(read()));
}

function zoneSelect(state) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const names = [...new Set([state.tz, own, "UTC", ...recall("zones", [])])].slice(0, 8);
  return h("select", {
    "aria-label": "Time zone",
    on: { change: (event) => (event.target.value === "choose" ? chooseZone(event.target, state) : go({ tz: event.target.value })) },
  }, names.map((name) => h("option", { value: name, selected: state.tz === name }, name.replaceAll("_", " "))), h("option", { value: "choose" }, "Other zone…"));
}

function chooseZone(element, state) {
  element.value = state.tz;
  const names = Intl.supportedValuesOf?.("timeZone") ?? ["UTC"];
  const zone = field("Time zone", text("tz", { list: "zones", required: true, placeholder: "Europe/Berlin" }), { help: "Days begin and end at its midnight." });
  dialog("Other zone", (close) => [
    h("datalist", { id: "zones" }, names.map((name) => h("option", { value: name }))),
    form([zone], "Show", () => {
      const name = zone.input.value.trim();
      if (!name || !f.isZone(name)) return zone.say("There is no such zone. Names look like Europe/Berlin.");
      keep("zones", [name, ...recall("zones", []).filter((one) => one !== name)].slice(0, 5));
      close();
      go({ tz: name });
    }, { close }),
  ]);
}

function showLive() {
  if (!parts) return;
  const [kind, words] = {
    on: ["good", "Live"],
    connecting: ["idle", "Connecting"],
    waiting: ["warning", "Live updates are interrupted; trying again"],
    off: ["idle", "Paused while out of sight"],
  }[live.state];
  fill(parts.live, h("span.dot", { class: kind, "aria-hidden": "true" }), words);
  showAge();
}

function showAge() {
  if (!parts || !shown) return;
  const times = shown.sources.filter((source) => source.at).map((source) => source.at.getTime());
  const oldest = Math.min(...times);
  const age = Date.now() - oldest;
  parts.age.textContent = times.length ? `Figures from ${f.ago(oldest)}` : "";
  parts.age.className = age > 3 * REFRESH ? "old" : "";
}

/** The data-quality line of the reports: complete, or what is missing. */
function showQuality() {
  if (!parts) return;
  const told = (shown?.sources ?? []).map((source) => source.value?.data_quality).filter(Boolean);
  showAge();
  if (!told.length) return fill(parts.quality);
  // Answers of one view are read side by side; what any of them misses is missing.
  const value = {};
  for (const one of told) for (const [key, count] of Object.entries(one)) value[key] = Math.max(value[key] ?? 0, count);
  const gaps = gapsOf(value);
  fill(parts.quality, gaps.length
    ? [icon("warning"), h("span", null, "Data: ", gaps.join(", "), ". "), link({ view: "data" }, null, "What that means")]
    : [icon("good"), h("span", null, "Data: complete.")]);
  parts.quality.className = "quality " + (gaps.length ? "warning" : "good");
}

listenToKeys(VIEWS, () => who);
start();
