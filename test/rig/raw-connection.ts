import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One response as it came over the wire. */
export interface RawReply {
  readonly status: number;
  /** Lines of one name joined by ", ". */
  header(name: string): string | undefined;
  readonly body: string;
}

/** A client that sends what it likes, and reads responses when it likes. Bytes are latin1 characters. */
export class RawConnection {
  readonly socket: Socket;
  /** Resolves when the connection is gone, however it went. */
  readonly closed: Promise<void>;
  #received = "";
  #ended = false;
  #changed = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.#received += text;
      this.#announce();
    });
    // A reset is one way to be cut off.
    socket.on("error", () => socket.destroy());
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#ended = true;
        this.#announce();
        resolve();
      });
    });
  }

  /** `localAddress`: from there, if it matters. */
  static async open(base: string, localAddress?: string): Promise<RawConnection> {
    const { hostname, port } = new URL(base);
    const socket = connect({
      port: Number(port),
      host: hostname,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    await once(socket, "connect");
    return new RawConnection(socket);
  }

  send(bytes: string): this {
    this.socket.write(bytes, "latin1");
    return this;
  }

  /** The next response. Throws when the connection closes before it is whole. `method` is that of its request. */
  async reply(method = "GET"): Promise<RawReply> {
    const head = await this.#upTo("\r\n\r\n");
    const [statusLine = "", ...lines] = head.split("\r\n");
    const status = Number(statusLine.split(" ")[1]);
    const fields = lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]);
    const header = (name: string): string | undefined => {
      const values = fields.filter(([each]) => each?.toLowerCase() === name.toLowerCase());
      return values.length === 0 ? undefined : values.map(([, value]) => value?.trim()).join(", ");
    };
    const empty = method === "HEAD" || status < 200 || status === 204 || status === 304;
    return { status, header, body: empty ? "" : await this.#body(header) };
  }

  /** Everything else that comes until the connection closes. */
  async rest(): Promise<string> {
    await this.closed;
    return this.#received;
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #body(header: (name: string) => string | undefined): Promise<string> {
    if (header("Transfer-Encoding") === "chunked") return this.#chunked();
    const length = header("Content-Length");
    if (length !== undefined) return this.#take(Number(length));
    const body = await this.rest();
    this.#received = "";
    return body;
  }

  async #chunked(): Promise<string> {
    let body = "";
    for (;;) {
      const size = Number.parseInt(await this.#upTo("\r\n"), 16);
      body += await this.#take(size);
      await this.#upTo("\r\n");
      if (size === 0) return body;
    }
  }

  async #upTo(mark: string): Promise<string> {
    while (!this.#received.includes(mark)) await this.#more();
    const text = this.#received.slice(0, this.#received.indexOf(mark));
    this.#received = this.#received.slice(text.length + mark.length);
    return text;
  }

  async #take(length: number): Promise<string> {
    while (this.#received.length < length) await this.#more();
    const text = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return text;
  }

  async #more(): Promise<void> {
    if (this.#ended) throw new Error(`the connection closed after ${JSON.stringify(this.#received)}`);
    await this.#changed.promise;
  }

  #announce(): void {
    const changed = this.#changed;
    this.#changed = Promise.withResolvers();
    changed.resolve();
  }
}
