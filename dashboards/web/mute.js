// Tells nobody of an alert for a while.
import { h } from "./dom.js";
import { send } from "./http.js";
import { dialog, field, form, select } from "./dialog.js";
import { toast } from "./parts.js";

const HOURS = [["1", "1 hour"], ["4", "4 hours"], ["24", "1 day"], ["168", "1 week"], ["720", "30 days"]];

export function muteAlert(alert, page) {
  const until = field("For", select("until", HOURS, "4"));
  const which = alert.subject
    ? field("Which", select("subject", [[alert.subject, `only ${alert.subject}`], ["", `every subject of ${alert.rule}`]], alert.subject))
    : null;
  dialog(`Mute ${alert.rule}`, (close) => [
    h("p", null, "Nobody is told while it is muted. It goes on being watched, and is shown here as muted."),
    form([which, until].filter(Boolean), "Mute", async () => {
      const end = new Date(Date.now() + Number(until.input.value) * 3_600_000).toISOString();
      const subject = which?.input.value || undefined;
      await send("POST", "/v1/alerts/mutes", { body: { rule: alert.rule, until: end, ...(subject ? { subject } : {}) } });
      close();
      toast("Muted.");
      page.refresh();
    }, { close }),
  ]);
}
