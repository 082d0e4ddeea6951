// The calls, newest first, as they end; with filters, and a search in what is listed.
import { add, announce, fill, h, icon, unseen } from "./dom.js";
import { get } from "./http.js";
import { button, command, link, mark, money, nothing, skeleton, time, trouble } from "./parts.js";
import { address, go, period, rangeName } from "./state.js";
import { status, STATUS_NAMES, verdict } from "./words.js";
import * as f from "./format.js";

const PAGE = 50;
// How many calls a filter that the server does not know looks through before it asks whether to go on.
const REACH = 1000;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export async function show(root, page) {
  const { state } = page;
  const list = new List(page);
  root.append(filters(state, page), list.element);
  await Promise.race([list.begin(), new Promise((resolve) => setTimeout(resolve, 50))]);
  if (state.since || state.until) {
    root.querySelector(".filters").after(h("p.note.within", null, "Only calls ", state.since ? ["from ", f.timeIn(state.tz, state.since)] : "", state.until ? [" until ", f.timeIn(state.tz, state.until)] : "", ". ",
      link({ since: null, until: null }, null, `All of: ${rangeName(state)}`)));
  }
}

function query(state) {
  const asked = period(state);
  const bounds = state.since || state.until ? { since: state.since, until: state.until } : {
    since: /^\d{4}/.test(asked.from) ? f.startOfDay(state.tz, asked.from) : asked.from,
    until: asked.to ? f.startOfDay(state.tz, f.dayBefore(asked.to, -1)) : undefined,
  };
  return { team: state.team, provider: state.provider, status: state.status, nsfw: state.nsfw, copyright: state.copyright, ...bounds, limit: PAGE };
}

function filters(state, page) {
  const pick = (label, key, options) => h("select", { "aria-label": label, on: { change: (event) => go({ [key]: event.target.value || null }, { replace: true }) } },
    h("option", { value: "", selected: !state[key] }, label),
    options.map(([value, name]) => h("option", { value, selected: state[key] === value }, name)));
  const provider = pick("Any provider", "provider", state.provider ? [[state.provider, state.provider]] : []);
  get("/v1/providers", {}, { signal: page.signal }).then((now) => {
    const names = [...new Set([...now.providers.map((one) => one.name), ...(state.provider ? [state.provider] : [])])];
    fill(provider, h("option", { value: "" }, "Any provider"), names.map((name) => h("option", { value: name, selected: state.provider === name }, name)));
  }, () => {});
  const search = h("input", {
    type: "search", "aria-label": "Search calls: an id, or a word of team, project, tag, model, policy, key or error", placeholder: "Search, or paste an id", value: state.q ?? "", spellcheck: "false",
    "aria-keyshortcuts": "/",
  });
  let timer = null;
  const look = () => {
    clearTimeout(timer);
    const words = search.value.trim();
    if (ID.test(words)) return go({ call: words.toLowerCase(), q: null });
    if (words !== (state.q ?? "")) go({ q: words || null }, { replace: true });
  };
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 400);
  });
  search.addEventListener("keydown", (event) => event.key === "Enter" && look());
  page.signal.addEventListener("abort", () => clearTimeout(timer));
  // Typing goes on where it was after the list is read again.
  if (sessionFocus.isSearching) requestAnimationFrame(() => (search.focus(), search.setSelectionRange(search.value.length, search.value.length)));
  search.addEventListener("focus", () => (sessionFocus.isSearching = true));
  search.addEventListener("blur", () => search.isConnected && (sessionFocus.isSearching = false));
  const isAny = ["provider", "status", "nsfw", "copyright", "failover", "q", "since", "until"].some((key) => state[key]);
  return h("form.filters", { role: "search", on: { submit: (event) => event.preventDefault() } },
    search,
    h("details.more-filters", { open: isAny || matchMedia("(min-width: 768px)").matches }, h("summary", null, "Filters"), h("div.filter-row", null,
    pick("Any status", "status", Object.entries(STATUS_NAMES)),
    provider,
    pick("NSFW or not", "nsfw", [["true", "not safe for work"], ["false", "not flagged"]]),
    pick("Any copyright", "copyright", ["flagged", "undetermined", "clear", "not_requested"].map((name) => [name, "copyright: " + verdict(name)])),
    pick("Any failover", "failover", [["true", "failed over"]]),
    isAny ? link({ provider: null, status: null, nsfw: null, copyright: null, failover: null, q: null, since: null, until: null }, { class: "button quiet" }, "Clear") : null)));
}
const sessionFocus = { isSearching: false };

class List {
  constructor(page) {
    this.page = page;
    this.state = page.state;
    this.rows = new Map();
    this.fresh = new Set();
    this.seen = 0;
    this.cursor = null;
    this.oldest = null;
    this.body = h("tbody");
    this.pill = h("button.pill", { type: "button", hidden: true, on: { click: () => this.takeFresh() } });
    this.foot = h("div.list-foot");
    this.count = h("p.note", { role: "status" });
    this.frame = h("div.table-frame.calls", null, h("table", { data: { rows: "" } }, h("caption.unseen", null, "Calls, newest first"),
      h("thead", null, h("tr", null, ["Received", "Status", "Team", "Model", "Provider", "Flags", "Cost", "Time"].map((title, at) => h("th", { scope: "col", class: at > 5 ? "figure" : "" }, title)))), this.body));
    this.element = h("section.panel", { "aria-label": "Calls" }, h("div.list-head", null, this.count, this.pill), this.frame, this.foot);
    page.on("call", (call) => this.heard(call));
    page.again((isAsked) => (isAsked ? this.takeFresh() : this.look()));
  }

  get words() {
    return (this.state.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  }

  get isSearching() {
    return this.words.length > 0 || Boolean(this.state.failover);
  }

  matches(call) {
    if (this.state.failover && !call.failover && !(call.failovers > 0)) return false;
    if (!this.words.length) return true;
    const text = [call.id, call.team, call.project, call.model, call.provider, call.policy, call.key_id, call.error_code, call.status, call.cost_basis === "unknown" ? "unknown" : "",
      ...Object.entries(call.tags ?? {}).map(([name, value]) => `${name}=${value} ${value}`)].filter(Boolean).join(" ").toLowerCase();
    return this.words.every((word) => text.includes(word));
  }

  async begin() {
    fill(this.foot, skeleton(6));
    this.frame.hidden = true;
    await this.more();
  }

  async more() {
    const until = this.seen + (this.isSearching ? REACH : 1);
    const target = this.body.childElementCount + (this.isSearching ? 50 : 1);
    try {
      do {
        const answer = await get("/v1/calls", { ...query(this.state), cursor: this.cursor, limit: this.isSearching ? 250 : PAGE }, { signal: this.page.signal });
        this.cursor = answer.next_cursor ?? null;
        this.seen += answer.calls.length;
        for (const call of answer.calls) if (this.matches(call)) this.put(call);
        this.oldest = answer.calls.at(-1)?.received_at ?? this.oldest;
        this.tell();
      } while (this.cursor && this.seen < until && this.body.childElementCount < target && !this.page.signal.aborted);
      this.closing();
    } catch (problem) {
      if (problem.kind === "left") return;
      fill(this.foot, trouble(problem, () => this.more()));
    }
  }

  put(call, place = "after") {
    const old = this.rows.get(call.id);
    const made = row(call, this.page);
    this.rows.set(call.id, made);
    if (old) {
      const hadFocus = old.contains(document.activeElement);
      old.replaceWith(made);
      if (hadFocus) made.querySelector("a").focus();
    } else if (place === "after") this.body.append(made);
    else this.body.prepend(made);
    return made;
  }

  tell() {
    const shown = this.body.childElementCount;
    this.frame.hidden = shown === 0;
    this.count.textContent = this.isSearching
      ? `${f.plural(shown, "call")} of the ${f.count(this.seen)} newest looked through`
      : `${this.cursor ? "The newest " : ""}${f.plural(shown, "call")}`;
  }

  closing() {
    const shown = this.body.childElementCount;
    if (this.cursor) {
      return fill(this.foot, button(this.isSearching ? `Look through ${f.count(REACH)} older ones` : "Older calls", async (event) => {
        event.currentTarget.disabled = true;
        await this.more();
      }));
    }
    if (shown) return fill(this.foot, h("p.note", null, "That is all of them."));
    const isFiltered = this.isSearching || ["provider", "status", "nsfw", "copyright", "since", "until"].some((key) => this.state[key]);
    fill(this.foot, nothing(isFiltered ? "No call is like that in this time." : "There are no calls in this time.",
      isFiltered ? link({ provider: null, status: null, nsfw: null, copyright: null, failover: null, q: null, since: null, until: null }, { class: "button" }, "Clear the filters") : command('easel remix photo.jpg --prompt "the same scene as a woodcut print"')));
  }

  /** A call has ended. One that is listed changes in its place; others wait under the pill, so that nothing moves while it is read. */
  heard(call) {
    if (this.rows.has(call.id)) {
      get("/v1/calls/" + encodeURIComponent(call.id), {}, { signal: this.page.signal }).then((whole) => this.put(whole), () => {});
      return;
    }
    const { state } = this;
    // The cost of an old call may have become known; it is not new, and stands on a page that is not read yet.
    if (this.oldest && this.cursor && call.received_at < this.oldest) return;
    if ((state.team && call.team !== state.team) || (state.provider && call.provider !== state.provider) || (state.status && call.status !== state.status)) return;
    if (state.nsfw && String(Boolean(call.nsfw)) !== state.nsfw) return;
    if (state.copyright && call.copyright !== state.copyright && !(state.copyright === "flagged" && call.copyright === true)) return;
    if (state.until || state.range === "last-month" || state.range === "custom" || (state.failover && !call.failovers)) return;
    this.fresh.add(call.id);
    this.offer();
    if (this.fresh.size === 1) announce("New calls.");
  }

  /** Without the stream, or after a gap in it: what is new is counted, and waits under the pill all the same. */
  async look() {
    try {
      const answer = await get("/v1/calls", query(this.state), { signal: this.page.signal });
      for (const call of answer.calls) {
        if (this.rows.has(call.id)) this.put(call);
        else if (this.matches(call)) this.fresh.add(call.id);
      }
      if (this.fresh.size) this.offer();
    } catch {
      // The line at the bottom says that the connection is interrupted.
    }
  }

  offer() {
    this.pill.hidden = false;
    fill(this.pill, icon("up"), `${f.count(this.fresh.size)} new`, unseen(this.fresh.size === 1 ? " call: show it" : " calls: show them"));
  }

  async takeFresh() {
    this.pill.disabled = true;
    try {
      const found = [];
      let cursor = null;
      // As many pages as the new ones may fill; beyond that the list begins anew.
      for (let pages = 0; pages < 3; pages += 1) {
        const answer = await get("/v1/calls", { ...query(this.state), cursor }, { signal: this.page.signal });
        found.push(...answer.calls);
        cursor = answer.next_cursor;
        if (!cursor || answer.calls.some((call) => this.rows.has(call.id))) break;
      }
      let added = 0;
      for (const call of found.reverse()) {
        if (!this.matches(call)) continue;
        const isNew = !this.rows.has(call.id);
        const made = this.put(call, "before");
        if (isNew) {
          made.classList.add("is-new");
          added += 1;
          this.seen += 1;
        }
      }
      this.fresh.clear();
      this.pill.hidden = true;
      this.tell();
      scrollTo({ top: 0, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
      this.body.querySelector("a")?.focus({ preventScroll: true });
      announce(f.plural(added, "new call") + ".");
    } catch (problem) {
      if (problem.kind !== "left") announce(problem.message);
    } finally {
      this.pill.disabled = false;
    }
  }
}

function flags(call, state) {
  const found = [];
  // A list does not tell the verdicts of images, but what it was asked for holds for each of its calls.
  if (state.nsfw === "true" && call.nsfw === undefined) found.push(mark("warning", "NSFW"));
  if (state.copyright === "flagged" && call.copyright === undefined) found.push(mark("warning", "copyright"));
  if (call.nsfw === true) found.push(mark("warning", "NSFW"));
  if (call.copyright === "flagged" || call.copyright === true) found.push(mark("warning", "copyright"));
  if (call.failover || call.failovers > 0) found.push(mark("idle", "failed over"));
  if (call.images_requested > call.images_delivered && call.status === "partial") found.push(mark("idle", `${call.images_delivered} of ${call.images_requested}`));
  return found.length ? found : "";
}

function row(call, page) {
  const tags = Object.entries(call.tags ?? {});
  const about = [call.project, ...tags.map(([name, value]) => `${name}=${value}`)].filter(Boolean).join(", ");
  const cell = (title, kind, ...children) => h("td", { class: kind, data: { title } }, ...children);
  const isOpen = call.status === "in_progress";
  return h("tr", { on: { click: (event) => !event.target.closest("a") && !getSelection().toString() && open(call.id) } },
    h("th", { scope: "row", data: { title: "Received" } }, h("a", { href: address({ call: call.id }), on: { click: (event) => openFrom(event, call.id) } }, f.timeIn(page.state.tz, call.received_at), unseen(`, ${call.status}, team ${call.team}`))),
    cell("Status", "", status(call.status), call.error_code ? h("div.note", null, call.error_code) : null),
    cell("Team", "", h("span", null, call.team), about ? h("div.note.clip", { title: about }, about) : null),
    cell("Model", "", call.model),
    cell("Provider", "", call.provider ?? (isOpen ? "" : "none")),
    cell("Flags", "flags", flags(call, page.state)),
    cell("Cost", "figure", isOpen ? "" : call.cost_usd === null ? (call.cost_basis === "unknown" ? "not known" : money("0")) : money(call.cost_usd, call.estimated_usd)),
    cell("Time", "figure", isOpen ? "" : f.milliseconds(call.latency_ms)));
}

function openFrom(event, id) {
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  open(id);
}

function open(id) {
  history.pushState({ fromList: true }, "", address({ call: id }));
  document.dispatchEvent(new CustomEvent("easel:state"));
}
