import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";

/** An event as it came. */
export interface StreamEvent {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of it.
  readonly data: any;
}

/** A browser that watches an event stream. */
export class EventStream {
  readonly message: IncomingMessage;
  readonly events: StreamEvent[] = [];
  readonly #request: ClientRequest;
  readonly #waiting = new Set<() => void>();
  #rest = "";

  private constructor(outgoing: ClientRequest, message: IncomingMessage) {
    this.#request = outgoing;
    this.message = message;
    // It ends by close(), or with its server.
    outgoing.on("error", () => undefined);
    message.on("error", () => undefined);
    message.setEncoding("utf8").on("data", (text: string) => this.#take(text));
  }

  static async open(
    base: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventStream> {
    const outgoing = request(new URL(path, base), { headers, agent: false });
    outgoing.end();
    const [message] = (await once(outgoing, "response")) as [IncomingMessage];
    return new EventStream(outgoing, message);
  }

  /** The first event, past or to come, for which `is` holds. */
  async event(
    name: string,
    is: (data: StreamEvent["data"]) => boolean = () => true,
  ): Promise<StreamEvent["data"]> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.events.find((event) => event.name === name && is(event.data));
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found.data);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Forgets what has come. */
  clear(): void {
    this.events.length = 0;
  }

  close(): void {
    this.#request.destroy();
  }

  #take(text: string): void {
    const blocks = `${this.#rest}${text}`.split("\n\n");
    this.#rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, name, data] = /^event: (\w+)\ndata: ([^\n]*)$/.exec(block) ?? [];
      if (name !== undefined && data !== undefined) this.events.push({ name, data: JSON.parse(data) });
    }
    for (const look of this.#waiting) look();
  }
}
