// One call: what came of it, when each part of it happened, what it cost and who said so.
import { h, svg, icon } from "./dom.js";
import { get } from "./http.js";
import { basis, named, status, verdict } from "./words.js";
import { copyButton, details, facts, link, mark, money, nothing, panel, skeleton, table, time, trouble } from "./parts.js";
import { placesOf, variableAt } from "./palette.js";
import { timeline } from "./timeline.js";
import * as f from "./format.js";

export async function show(root, page) {
  const { state } = page;
  const source = page.source((signal) => get("/v1/calls/" + encodeURIComponent(state.call), {}, { signal }));
  page.on("call", (call) => call.id === state.call && source.load());
  const place = h("div.call");
  root.append(h("p.back", null, link({ call: null }, { on: { click: back } }, icon("back"), "All calls")), place);
  let drawn = null;
  source.listen((now) => {
    if (now.value === null) return place.replaceChildren(now.problem ? gone(now.problem, now, state) : skeleton(8));
    if (now.value === drawn) return;
    // What was folded open stays so when a call under way is read again.
    const opened = new Set([...place.querySelectorAll("details[open] > summary")].map((one) => one.textContent));
    drawn = now.value;
    place.replaceChildren(...whole(now.value, page));
    for (const summary of place.querySelectorAll("details > summary")) if (opened.has(summary.textContent)) summary.parentElement.open = true;
    page.setTitle(`Call ${now.value.id.slice(0, 8)}`);
  });
}

function back(event) {
  if (!history.state?.fromList || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  history.back();
}

function gone(problem, source, state) {
  if (problem.kind !== "missing" && problem.kind !== "invalid") return trouble(problem, () => source.load());
  return trouble({ kind: "missing", message: `There is no call ${state.call}, or it belongs to another team.` });
}

function whole(call, page) {
  const { state } = page;
  const curl = `curl -H "Authorization: Bearer $EASEL_API_KEY" ${location.origin}/v1/calls/${call.id}`;
  const isOpen = call.status === "in_progress";
  const part = (title, ...children) => h("section.panel", { "aria-label": title }, h("div.panel-head", null, h("h2", null, title)), ...children);
  return [
    h("section.panel.call-head", { "aria-label": "The call" },
      h("div.call-title", null, status(call.status), call.error_code ? h("code", null, call.error_code) : null,
        h("div.push.call-copies", null, copyButton(call.id, "Copy the id", { shown: "Copy id" }), copyButton(curl, "Copy a curl that fetches it", { shown: "Copy curl" }))),
      call.prompt !== undefined ? h("blockquote.prompt", null, call.prompt) : h("p.note", null, "The prompt is not kept, or was removed."),
      h("div.call-figures", null,
        figure("Cost", isOpen ? "not known yet" : call.cost_usd === null ? "not known" : h("span", { title: f.moneyExact(call.cost_usd) }, f.moneyExact(call.cost_usd))),
        figure("Took", isOpen ? "under way" : f.milliseconds(call.latency_ms)),
        figure("Images", `${f.count(call.images_delivered)} of ${f.count(call.images_requested)}`),
        figure("Provider", call.provider ?? "none")),
      facts([
        ["Who said the cost", isOpen ? "" : basis(call.cost_basis, call.cost_usd !== null), (f.nanos(call.estimated_usd) ?? 0n) > 0n ? [" (", money(call.estimated_usd), " of it estimated)"] : ""],
        ["Received", time(state, call.received_at, { isLong: true })],
        ["Team", link({ call: null, team: call.team }, null, call.team)],
        ["Project", call.project === null ? "none" : link({ call: null, q: call.project }, null, call.project)],
        ["Model", call.model],
        ["Policy", link({ call: null, q: call.policy }, null, call.policy)],
        ["Failed over", call.failover ? "yes: another provider than the first had to be asked" : "no"],
        ["Key", link({ call: null, q: call.key_id }, { class: "id" }, call.key_id)],
        ["Id", h("span.id", null, call.id)],
        Object.keys(call.tags).length ? ["Tags", h("ul.tags", null, Object.entries(call.tags).map(([name, value]) => h("li", null, link({ call: null, q: value || name }, null, name, " = ", value))))] : null,
      ])),
    part("Time line", timeline(call, state)),
    call.images.length ? part("Images", pictures(call)) : null,
    part("Attempts", call.attempts.length ? attempts(call, page) : nothing("No provider was asked.")),
    call.shadow ? part("Shadow", shadow(call.shadow, page)) : null,
    call.plan ? part("Plan", plan(call.plan)) : null,
    part("Translation", call.translation.length ? translation(call.translation) : nothing("Nothing was translated, because no provider was asked.")),
    h("section.panel", { "aria-label": "Raw" }, details("The whole call as JSON", h("div.raw", null, copyButton(JSON.stringify(call, null, 2), "Copy the JSON", { shown: "Copy" }),
      h("pre", { tabindex: "0" }, JSON.stringify(call, null, 2))))),
  ].filter(Boolean);
}

function figure(name, value) {
  return h("div.call-figure", null, h("div.stat-name", null, name), h("div.stat-value", null, value));
}

/** A link to a kept image names the address that callers use; the page asks where it came from itself. */
function ownAddress(url) {
  try {
    const target = new URL(url, location.href);
    return target.pathname.startsWith("/v1/artifacts/") ? target.pathname + target.search : null;
  } catch {
    return null;
  }
}

function pictures(call) {
  return h("ul.pictures", null, call.images.map((image, index) => {
    const own = image.url ? ownAddress(image.url) : null;
    const size = image.width ? `${image.width} × ${image.height}` : "size not known";
    const words = [size, image.format, image.seed === null || image.seed === undefined ? null : `seed ${image.seed}`].filter(Boolean).join(", ");
    return h("li", null,
      own ? h("a", { href: own, target: "_blank", rel: "noopener" }, picture(own, index, image)) : h("div.no-picture", null, image.withheld ? "withheld by the provider" : "not kept"),
      h("div.picture-words", null, h("div", null, words),
        h("div.flags", null,
          image.nsfw === true ? mark("warning", "not safe for work") : image.nsfw === false ? mark("good", "safe") : mark("idle", "safety not checked"),
          image.copyright === "flagged" ? mark("warning", "copyright: flagged") : image.copyright === "not_requested" ? null : mark(image.copyright === "clear" ? "good" : "idle", "copyright: " + verdict(image.copyright)))));
  }));
}

function picture(own, index, image) {
  // Flagged images are not thrown at whoever looks at figures.
  const isCovered = image.nsfw === true;
  const element = h("img", { src: isCovered ? null : own, loading: "lazy", decoding: "async", alt: `Image ${index + 1} of the result`, width: image.width ?? null, height: image.height ?? null });
  element.addEventListener("error", () => element.replaceWith(h("div.no-picture", null, "no longer kept")));
  return isCovered ? h("div.no-picture", null, "flagged; open to see it") : element;
}

function attempts(call, page) {
  const placeOf = placesOf("provider", [...new Set(call.attempts.map((one) => one.provider))].sort());
  return table("Attempts", [
    { title: "Provider", cell: (one) => [h("span.swatch", { "aria-hidden": "true", vars: { "--swatch": variableAt(placeOf(one.provider)) } }), one.provider] },
    { title: "Outcome", cell: (one) => [status(one.outcome), one.reason && one.reason !== "ok" ? h("div.note", null, one.reason.replaceAll("_", " ")) : null] },
    { title: "Provider's words", cell: (one) => [one.http_status ? h("code", null, "HTTP " + one.http_status) : "", " ", one.error_code ? h("code", null, one.error_code) : ""] },
    { title: "Started", cell: (one) => time(page.state, one.started_at) },
    { title: "Took", kind: "figure", cell: (one) => (one.latency_ms === null ? "not known" : f.milliseconds(one.latency_ms)) },
    { title: "Cost", kind: "figure", cell: (one) => (one.cost_usd === null ? "not known" : f.moneyExact(one.cost_usd)) },
    { title: "Who said so", kind: "wide", cell: (one) => [one.outcome === "pending" ? "" : basis(one.cost_basis, one.cost_usd !== null), one.duplicate_risk ? h("div.note", null, "an earlier attempt may have been paid for as well") : null] },
  ], call.attempts);
}

function shadow(one, page) {
  return [h("p.note", null, "A second provider was given the same request, for comparison. Its images went to nobody."),
    facts([["Provider", one.provider], ["Outcome", status(one.outcome), one.reason && one.reason !== "ok" ? ` ${one.reason}` : ""], ["Images", `${one.images_returned} of ${one.images_asked}`],
      ["Cost", one.cost_usd === null ? "not known" : f.moneyExact(one.cost_usd)], ["Who said so", basis(one.cost_basis, one.cost_usd !== null)], ["Took", f.milliseconds(one.latency_ms)], ["Started", time(page.state, one.started_at)]])];
}

const ON = {
  stop: "stop", next: "ask the next", recover: "find out, and wait for it", recover_then_next: "find out, then ask the next",
};

function plan(plan) {
  return [
    h("ol.plan", null, (plan.candidates ?? []).map((one) => h("li", null, h("b", null, one.provider), " ", h("code", null, one.provider_model), h("div.note", null, one.reason, one.bound_usd ? [", at most ", f.moneyExact(one.bound_usd)] : ", without a price", one.probe ? "; a try whether it is back" : "")))),
    plan.dropped?.length ? [h("h3", null, "Left out"), h("ul.plan", null, plan.dropped.map((one) => h("li", null, h("b", null, one.provider), " ", mark("idle", String(one.cause).replaceAll("_", " ")), h("div.note", null, one.reason))))] : null,
    facts([
      ["Policy", plan.policy],
      ["Attempts at most", f.count(plan.attempts)],
      ["Deadline", f.span(plan.deadline_ms)],
      ["Cost at most", plan.bound_usd === null || plan.bound_usd === undefined ? "not known" : f.moneyExact(plan.bound_usd)],
      ["After a refusal", ON[plan.on_refusal] ?? plan.on_refusal],
      ["After an unknown outcome", ON[plan.on_unknown] ?? plan.on_unknown],
      plan.hedge ? ["Hedge", `after ${f.milliseconds(plan.hedge.after_ms)}`] : null,
    ]),
    plan.notes?.length ? h("ul", null, plan.notes.map((note) => h("li", null, note))) : null,
  ];
}

const ACTIONS = { mapped: ["good", "mapped"], approximated: ["warning", "approximated"], dropped: ["bad", "dropped"] };

function translation(entries) {
  return table("Translation", [
    { title: "Parameter", cell: (one) => h("code", null, one.parameter) },
    { title: "At the provider", cell: (one) => (one.provider_parameter ? h("code", null, one.provider_parameter) : "none") },
    { title: "What was done", cell: (one) => mark(...(ACTIONS[one.action] ?? ["idle", one.action])) },
    { title: "Note", kind: "wide", cell: (one) => one.note ?? "" },
  ], entries);
}
