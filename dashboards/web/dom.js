// Elements from values. Text is set as text: there is no way here to hand in markup, and none elsewhere.

/** h("a.link", {href, on: {click}}, "text", node, [more]) */
export function h(tag, attributes, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  return dress(element, attributes, children);
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, attributes, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElementNS(SVG, name);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  return dress(element, attributes, children);
}

function dress(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    // The policy forbids style attributes; properties set by script are allowed.
    else if (name === "vars") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "value" || name === "checked" || name === "selected" || name === "open") element[name] = value;
    else if (name === "class") element.classList.add(...String(value).split(" ").filter(Boolean));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  add(element, children);
  return element;
}

export function add(element, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

export function fill(element, ...children) {
  element.replaceChildren();
  return add(element, children);
}

const PATHS = {
  overview: "M3 13h8V3H3zm0 8h8v-6H3zm10 0h8V11h-8zm0-18v6h8V3z",
  spend: "M4 20V10h4v10zm6 0V4h4v16zm6 0v-7h4v7z",
  budgets: "M3 7h18v4H3zm0 6h12v4H3z",
  providers: "M4 4h16v6H4zm0 10h16v6H4zm3-7v1h2V7zm0 10v1h2v-1z",
  safety: "M12 2 4 5v6c0 5 3.4 9.4 8 11 4.6-1.6 8-6 8-11V5z",
  calls: "M4 5h16v2H4zm0 6h16v2H4zm0 6h10v2H4z",
  data: "M12 3C7 3 4 4.6 4 6.5v11C4 19.4 7 21 12 21s8-1.6 8-3.5v-11C20 4.6 17 3 12 3zm0 2c4 0 6 1.1 6 1.5S16 8 12 8 6 6.9 6 6.500 8 5 12 5z",
  admin: "M14 3a7 7 0 0 0-6.700 9L2 17.300V22h5v-2h2v-2h2l1.200-1.200A7 7 0 1 0 14 3zm2.500 6a1.500 1.500 0 1 1 0-3 1.500 1.500 0 0 1 0 3z",
  menu: "M3 6h18v2H3zm0 5h18v2H3zm0 5h18v2H3z",
  copy: "M8 3h11v14h-2V5H8zM5 7h10v14H5zm2 2v10h6V9z",
  close: "m6.400 5 5.600 5.600L17.600 5 19 6.400 13.400 12l5.600 5.600-1.400 1.400-5.600-5.600L6.400 19 5 17.600 10.600 12 5 6.400z",
  back: "M11 5 4 12l7 7 1.400-1.400L7.800 13H20v-2H7.800l4.600-4.600z",
  good: "M9.500 16.200 5.300 12l-1.400 1.400 5.600 5.600L20.400 8.100 19 6.700z",
  warning: "M12 3 1.500 21h21zm-1 7h2v5h-2zm0 6.500h2v2h-2z",
  bad: "M7.900 2h8.200L22 7.900v8.200L16.100 22H7.900L2 16.100V7.900zM11 6v8h2V6zm0 10v2h2v-2z",
  idle: "M6 11h12v2H6z",
  up: "m12 5 7 8h-5v6h-4v-6H5z",
  down: "m12 19-7-8h5V5h4v6h5z",
};

export function icon(name) {
  return svg("svg.icon", { viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, svg("path", { d: PATHS[name] }));
}

/** For screen readers only. */
export function unseen(text) {
  return h("span.unseen", null, text);
}

/** Says something to a screen reader without moving the focus. */
export function announce(text) {
  const place = document.getElementById("announcements");
  if (place) place.textContent = text;
}
