/**
 * @typedef {"connecting" | "live" | "cut" | "login" | "full"} LinkState
 * @typedef {object} FeedParts
 * @property {(name: string, data: any) => void} heard
 * @property {(state: LinkState) => void} changed
 */

const EVENTS = ["hello", "fleet", "requests", "purge", "top", "lost", "dropped"];

// The router sends an event each second: three that are missing are no accident.
const SILENCE_MS = 3500;

// A router that restarts is there again within a second or two. Thirty pages of a fleet must not hammer one that is not.
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15_000;

/** The stream of events of the router. It connects again by itself, ever more slowly. */
export class Feed {
  /** @param {FeedParts} parts */
  constructor(parts) {
    this.parts = parts;
    /** @type {EventSource | undefined} */
    this.source = undefined;
    this.retryMs = FIRST_RETRY_MS;
    /** @type {number | undefined} */
    this.timer = undefined;
    this.heardAt = 0;
    /** @type {LinkState} */
    this.state = "connecting";
    setInterval(() => this.watch(), 1000);
    this.open();
  }

  /** Now, whatever the back-off says. */
  open() {
    clearTimeout(this.timer);
    this.source?.close();
    const source = new EventSource("/live");
    this.source = source;
    this.heardAt = performance.now();
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        if (this.source !== source) return;
        this.heardAt = performance.now();
        this.retryMs = FIRST_RETRY_MS;
        this.become("live");
        this.parts.heard(name, JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => {
      if (this.source === source) void this.broken(source);
    });
  }

  /** A connection can be dead without an end. */
  watch() {
    if (this.state !== "live" || performance.now() - this.heardAt < SILENCE_MS) return;
    if (this.source !== undefined) void this.broken(this.source);
  }

  /** @param {EventSource} source */
  async broken(source) {
    const refused = source.readyState === EventSource.CLOSED;
    source.close();
    this.source = undefined;
    const status = refused ? await statusOf("/live") : undefined;
    if (status === 401) {
      this.become("login");
      return;
    }
    this.become(status === 503 ? "full" : "cut");
    clearTimeout(this.timer);
    // Pages that lost the router together do not come back together.
    this.timer = setTimeout(() => this.open(), this.retryMs * (0.75 + Math.random() / 2));
    this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
  }

  /** @param {LinkState} state */
  become(state) {
    if (state === this.state) return;
    this.state = state;
    this.parts.changed(state);
  }
}

/** An EventSource does not tell the status. @param {string} path */
async function statusOf(path) {
  const ended = new AbortController();
  try {
    return (await fetch(path, { signal: ended.signal, headers: { Accept: "text/event-stream" } })).status;
  } catch {
    // Nobody answers: that is what the page says then.
    return undefined;
  } finally {
    ended.abort();
  }
}
