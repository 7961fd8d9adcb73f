import type { ServerResponse } from "node:http";

// Half a minute of events of a fleet of twenty edges. A browser that takes nothing for so long shows an old picture anyway.
export const MOST_QUEUED_BYTES = 512 * 1024;

/** One event in the form of an event stream. */
export function eventText(name: string, data: object): string {
  // WHATWG HTML section 9.2.5. JSON has no line breaks of its own, whatever a URL in it contains.
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

// A comment, which a browser drops.
const HEARTBEAT = ":\n\n";

/** One browser that watches. What it does not take in time is dropped, and it is told how much. */
export class Watcher {
  readonly #response: ServerResponse;
  #dropped = 0;
  #told = 0;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, {
      "Content-Type": "text/event-stream",
      // nginx would collect the events in a buffer.
      "X-Accel-Buffering": "no",
    });
    response.flushHeaders();
  }

  /** Events that it did not get. */
  get droppedEvents(): number {
    return this.#dropped;
  }

  get queuedBytes(): number {
    return this.#response.writableLength;
  }

  /** `at`: wall time in milliseconds. */
  send(event: string, at: number): void {
    if (this.#response.writableLength + event.length > MOST_QUEUED_BYTES) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > this.#told) {
      this.#told = this.#dropped;
      this.#response.write(eventText("dropped", { at, droppedEvents: this.#dropped }));
    }
    this.#response.write(event);
  }

  /** Keeps the connection in use: an idle one is closed. */
  beat(): void {
    if (this.#response.writableLength === 0) this.#response.write(HEARTBEAT);
  }

  end(): void {
    this.#response.end();
  }
}
