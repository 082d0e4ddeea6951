// What happens, as it happens: one stream for a page that is looked at, none for one that is not.

// Five pages of one browser may hold a stream before it lets no other request through, so a page out of sight lets go.
const OUT_OF_SIGHT = 20_000;
const KINDS = ["call", "budget", "provider", "alert"];

class Live extends EventTarget {
  /** off, connecting, on, waiting */
  state = "off";
  since = null;
  #source = null;
  #timer = null;
  #wanted = false;

  constructor() {
    super();
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#timer);
      if (!this.#wanted) return;
      if (document.hidden) this.#timer = setTimeout(() => this.#close("off"), OUT_OF_SIGHT);
      else if (!this.#source) {
        this.#open();
        // What was missed meanwhile is read again as a whole.
        this.dispatchEvent(new CustomEvent("reset"));
      }
    });
  }

  start() {
    this.#wanted = true;
    if (!this.#source && !document.hidden) this.#open();
  }

  stop() {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#close("off");
  }

  #open() {
    this.#become("connecting");
    const source = new EventSource("/v1/events");
    this.#source = source;
    source.onopen = () => this.#become("on");
    source.onerror = () => {
      // The browser tries again by itself, with the id of the last event, unless the answer was no stream at all.
      this.#become("waiting");
      if (source.readyState !== EventSource.CLOSED) return;
      this.#close("waiting");
      this.dispatchEvent(new CustomEvent("refused"));
      this.#timer = setTimeout(() => this.#wanted && !document.hidden && !this.#source && this.#open(), 15_000);
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        this.#become("on");
        let value = null;
        try {
          value = JSON.parse(event.data);
        } catch {
          return;
        }
        this.dispatchEvent(new CustomEvent(kind, { detail: value }));
      });
    }
    source.addEventListener("reset", () => this.dispatchEvent(new CustomEvent("reset")));
  }

  #close(state) {
    this.#source?.close();
    this.#source = null;
    this.#become(state);
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.since = new Date();
    this.dispatchEvent(new CustomEvent("state"));
  }
}

export const live = new Live();
