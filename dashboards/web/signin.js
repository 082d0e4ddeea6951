// Sign-in with a key. The key is sent once and kept nowhere: what stays is a cookie that scripts cannot read.
import { fill, h } from "./dom.js";
import { send } from "./http.js";
import { command, details } from "./parts.js";
import { field, form, text } from "./dialog.js";

export function signIn(app, note, done) {
  const key = field("Key", text("key", { type: "password", autocomplete: "current-password", required: true, placeholder: "esl_…" }), {
    help: "A member's key shows its own team, an admin's every team.",
  });
  const element = form([key], "Sign in", async () => {
    const value = key.input.value.trim();
    if (!value) return key.say("Paste a key; it begins with esl_.");
    try {
      const session = await send("POST", "/v1/session", { body: { key: value } });
      key.input.value = "";
      done(session);
    } catch (problem) {
      if (problem.kind !== "signed-out") throw problem;
      key.say(problem.message);
      key.input.select();
    }
  });
  element.method = "post";
  document.title = "Sign in · Easel";
  fill(app, h("main.alone", { id: "main" },
    h("div.brand", null, h("img", { src: "/assets/icon.svg", alt: "", width: 32, height: 32 }), h("h1", null, "Easel")),
    h("p", null, "What calls cost, who spends it, how providers do, and what happened to each call."),
    note ? h("p.stale", { role: "status" }, note) : null,
    element,
    details("Where to find a key",
      h("p", null, "On the machine that runs Easel, the admin key is in the data directory:"), command("cat .easel/admin-key"),
      h("p", null, "An admin makes one for a team, which is shown once:"), command("easel key create --team default")),
    h("p.note", null, "The key is sent once and not kept in this browser; the session ends after 12 hours, when you sign out, or when the key is revoked.")));
  key.input.focus();
}
