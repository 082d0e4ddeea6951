// The keyboard. Single letters can be switched off, for those who dictate.
import { announce, h } from "./dom.js";
import { go, read } from "./state.js";
import { toggleTables } from "./charts.js";
import { check, dialog } from "./dialog.js";
import { keep, recall } from "./store.js";

const ROW = "[data-rows] tbody tr";

export function listen(views, who) {
  let isAfterG = false, timer = null;
  document.addEventListener("easel:help", () => help(views, who));
  document.addEventListener("keydown", (event) => {
    if (!who() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const isTyping = event.target.closest?.("input:not([type=radio],[type=checkbox]), textarea, select");
    const isInDialog = document.querySelector("dialog[open]") !== null;
    if (event.key === "Escape" && !isInDialog) {
      if (isTyping && event.target.type === "search" && event.target.value) return;
      if (isTyping) return event.target.blur();
      if (read().call) {
        event.preventDefault();
        if (history.state?.fromList) history.back();
        else go({ call: null });
      }
      return;
    }
    if (isTyping || isInDialog) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") return moveRow(event, event.key === "ArrowDown" ? 1 : -1);
    if (event.key.length !== 1 || !recall("letters", true)) return;
    if (isAfterG) {
      isAfterG = false;
      clearTimeout(timer);
      const found = Object.entries(views).find(([, view]) => view.key === event.key && (!view.admin || who().role === "admin"));
      if (found) {
        event.preventDefault();
        go({ view: found[0], call: null });
      }
      return;
    }
    const acts = {
      g: () => {
        isAfterG = true;
        timer = setTimeout(() => (isAfterG = false), 1200);
      },
      "/": () => search(),
      "?": () => help(views, who),
      t: () => announce(toggleTables() ? "Tables of the charts are shown." : "Tables of the charts are hidden."),
      r: () => document.dispatchEvent(new CustomEvent("easel:refresh")),
      j: () => moveRow(event, 1),
      k: () => moveRow(event, -1),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
}

function search() {
  const find = () => document.querySelector("input[type=search]");
  if (read().view !== "calls" || read().call) go({ view: "calls", call: null });
  let tries = 0;
  const look = () => {
    const input = find();
    if (input) return input.focus(), input.select();
    if ((tries += 1) < 60) requestAnimationFrame(look);
  };
  look();
}

/** From row to row of the list that has the focus, or of the first list that leads somewhere. */
function moveRow(event, by) {
  const links = [...document.querySelectorAll(ROW)].map((row) => row.querySelector("a, button")).filter((one) => one && one.offsetParent !== null && one.tabIndex >= 0);
  if (!links.length) return;
  const here = document.activeElement?.closest?.(ROW)?.querySelector("a, button");
  const at = links.indexOf(here);
  // Elsewhere on the page the arrows scroll, until a row has the focus; j and k begin at the first one.
  if (at < 0 && event.key.startsWith("Arrow") && document.activeElement !== document.body && document.activeElement?.tagName !== "H1") return;
  if (at < 0 && event.key === "ArrowUp") return;
  if (at < 0 && event.key.startsWith("Arrow") && read().view !== "calls") return;
  event.preventDefault();
  const next = links[Math.min(links.length - 1, Math.max(0, at + by))];
  next.focus();
  next.closest("tr").scrollIntoView({ block: "nearest" });
}

function help(views, who) {
  const rows = [
    ["/", "Search calls"],
    ...Object.values(views).filter((view) => !view.admin || who()?.role === "admin").map((view) => [`g ${view.key}`, view.name]),
    ["t", "Tables of the charts"],
    ["r", "Read the figures again"],
    ["↓ ↑, j k", "From row to row"],
    ["Enter", "Open"],
    ["Esc", "Close, back to the list"],
    ["?", "This list"],
  ];
  const letters = check("letters", "Letters are shortcuts", recall("letters", true), "Off for those who dictate; arrows, Enter and Esc stay.");
  letters.input.addEventListener("change", () => keep("letters", letters.input.checked));
  dialog("Keys of the keyboard", () => [
    h("dl.shortcuts", null, rows.map(([keys, what]) => h("div", null,
      h("dt", null, keys.split(/([ ,])/).filter((part) => part.trim() && part !== ",").map((key) => h("kbd", null, key))), h("dd", null, what)))),
    letters,
  ]);
}
