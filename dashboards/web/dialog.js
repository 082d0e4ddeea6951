// Dialogs and forms. The browser's own dialog keeps the focus inside, closes on Escape and gives the focus back.
import { add, fill, h, icon } from "./dom.js";
import { button, trouble } from "./parts.js";

let serial = 0;

/** Opens a dialog. `make(close)` gives its content. */
export function dialog(title, make, { isWide = false, onClose = null } = {}) {
  const id = `dialog-${++serial}`;
  const body = h("div.dialog-body");
  const element = h("dialog.dialog", { "aria-labelledby": id, class: isWide ? "wide" : "" },
    h("div.dialog-head", null, h("h2", { id }, title),
      h("button.button.quiet.square", { type: "button", "aria-label": "Close", on: { click: () => element.close() } }, icon("close"))),
    body);
  element.addEventListener("close", () => {
    element.remove();
    onClose?.();
  });
  // A click beside it closes it, as long as it began there.
  element.addEventListener("mousedown", (event) => event.target === element && element.close());
  document.body.append(element);
  add(body, make(() => element.close(), body));
  element.showModal();
  body.querySelector("input:not([type=checkbox]), select")?.focus();
  return element;
}

/** A field with its label, its help and its fault. */
export function field(label, input, { help = null } = {}) {
  const id = `field-${++serial}`;
  input.id = id;
  const fault = h("p.fault", { id: id + "-fault", role: "alert" });
  input.setAttribute("aria-describedby", `${help ? id + "-help " : ""}${id}-fault`);
  const place = h("div.field", null, h("label", { for: id }, label), input, help ? h("p.note", { id: id + "-help" }, help) : null, fault);
  place.input = input;
  place.say = (text) => {
    fault.textContent = text ?? "";
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  return place;
}

export function text(name, attributes = {}) {
  return h("input", { type: "text", name, autocomplete: "off", spellcheck: "false", ...attributes });
}

export function select(name, options, chosen) {
  return h("select", { name }, options.map(([value, label]) => h("option", { value, selected: value === chosen }, label)));
}

export function check(name, label, isChecked, help = null) {
  const id = `field-${++serial}`;
  const input = h("input", { type: "checkbox", id, name, checked: isChecked, "aria-describedby": help ? id + "-help" : null });
  const place = h("div.field.check", null, input, h("label", { for: id }, label), help ? h("p.note", { id: id + "-help" }, help) : null);
  place.input = input;
  return place;
}

/**
 * A form that sends something. Faults that the server names are put at the fields of that name, the rest above the buttons.
 * `act(values)` sends and returns what is shown instead of the form, or nothing to close it.
 */
export function form(fields, submit, act, { close, kind = "primary", extra = null } = {}) {
  const place = h("div.form-trouble");
  const go = h("button.button", { type: "submit", class: kind }, submit);
  const element = h("form.form", { novalidate: true }, fields, place,
    h("div.form-buttons", null, go, extra, close ? button("Cancel", close, { class: "quiet" }) : null));
  element.fields = fields;
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    fill(place);
    for (const one of fields) one.say?.(null);
    go.disabled = true;
    element.setAttribute("aria-busy", "true");
    try {
      await act(element);
    } catch (problem) {
      show(problem, fields, place);
    } finally {
      go.disabled = false;
      element.removeAttribute("aria-busy");
    }
  });
  return element;
}

export function show(problem, fields, place) {
  const rest = [];
  let first = null;
  for (const fault of problem.errors ?? []) {
    const at = fields.find((one) => one.input?.name && (one.input.name === fault.parameter || fault.parameter.startsWith(one.input.name + "[")));
    if (!at?.say) {
      rest.push(fault);
      continue;
    }
    at.say(fault.message);
    first ??= at.input;
  }
  if (!(problem.errors ?? []).length || rest.length) fill(place, trouble(Object.assign(Object.create(problem), { message: problem.message, kind: problem.kind ?? "server", errors: rest }), null));
  first?.focus();
}

/** Asks before something that cannot be taken back. */
export function confirm(title, lines, verb, act) {
  dialog(title, (close) => [
    lines.map((line) => (line instanceof Node ? line : h("p", null, line))),
    form([], verb, async () => {
      await act();
      close();
    }, { close, kind: "danger" }),
  ]);
}
