import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { expect } from "chai";
import { stopAfterEach } from "../../test/rig/fetching.ts";
import { RawOrigin, type RawReply } from "../../test/rig/raw-origin.ts";
import { ORIGIN_FIELD_LIMITS, type ResponseHead } from "../message/response-head.ts";
import type { ClientConnection, ConnectionFault, ConnectionUser } from "./client-connection.ts";
import { ConnectionPool } from "./connection-pool.ts";
import type { Server } from "./server-socket.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Asks for one thing, and keeps the connection until it is told to go on. */
class Asking implements ConnectionUser {
  readonly #done = Promise.withResolvers<string>();
  readonly #name: string;
  #connection: ClientConnection<Asking> | undefined;
  text = "";

  constructor(name = "/") {
    this.#name = name;
  }

  get ended(): Promise<string> {
    return this.#done.promise;
  }

  given(connection: ClientConnection<Asking>): void {
    this.#connection = connection;
    if (connection.ready) this.connected();
  }

  connected(): void {
    this.#connection?.send("GET", `GET ${this.#name} HTTP/1.1\r\nHost: a\r\n\r\n`);
  }

  drained = () => undefined;
  readOver = () => undefined;
  interim = () => undefined;
  trailers = () => undefined;

  head({ status }: ResponseHead): void {
    this.text = `${status} `;
  }

  body(_received: Buffer, content: readonly Buffer[]): void {
    this.text += Buffer.concat(content).toString();
  }

  whole(excess: boolean): void {
    this.#connection?.release(!excess, 0);
    this.#done.resolve(this.text);
  }

  failed(fault: ConnectionFault): void {
    const cause =
      "cause" in fault && fault.cause !== undefined && "code" in fault.cause ? fault.cause.code : "";
    this.#done.resolve(`${fault.kind} ${cause}`.trim());
  }

  faulted(thrown: unknown): void {
    this.#done.reject(thrown);
  }
}

describe("ConnectionPool", () => {
  const stopLater = stopAfterEach();

  async function server(reply: RawReply): Promise<RawOrigin> {
    const raw = await RawOrigin.start(reply);
    stopLater(() => raw.stop());
    return raw;
  }

  function pool(port: number, most?: number, more: Partial<Server> = {}): ConnectionPool<Asking> {
    const to = { host: "127.0.0.1", port, connectMs: 5_000, limits: ORIGIN_FIELD_LIMITS, ...more };
    const opened = new ConnectionPool<Asking>(to, most);
    stopLater(async () => opened.close());
    return opened;
  }

  function ask(from: ConnectionPool<Asking>, name?: string): Asking {
    const asking = new Asking(name);
    from.queue(asking, 0, "any", (connection) => asking.given(connection));
    return asking;
  }

  it("lets users wait in their order while its connections are busy", async () => {
    const raw = await server((socket) => socket.write(OK));
    const two = pool(Number(raw.url.port), 2);
    const asked = ["/1", "/2", "/3", "/4", "/5"].map((name) => ask(two, name));
    for (const { ended } of asked) expect(await ended).to.equal("200 ok");
    expect(raw.connections).to.equal(2);
    expect(raw.heads.map((head) => head.split(" ")[1]).slice(2)).to.deep.equal(["/3", "/4", "/5"]);
  });

  it("forgets a user that no longer waits", async () => {
    const raw = await server((socket) => socket.write(OK));
    const one = pool(Number(raw.url.port), 1);
    const [first, second, third] = [ask(one, "/1"), ask(one, "/2"), ask(one, "/3")];
    one.withdraw(second);
    await Promise.all([first.ended, third.ended]);
    expect(raw.heads.map((head) => head.split(" ")[1])).to.deep.equal(["/1", "/3"]);
  });

  it("opens a connection for the next user when one has ended", async () => {
    const raw = await server((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nto the end"));
    const one = pool(Number(raw.url.port), 1);
    const asked = [ask(one), ask(one)];
    for (const { ended } of asked) expect(await ended).to.equal("200 to the end");
    expect(raw.connections).to.equal(2);
  });

  it("tells each waiting user that the server cannot be reached", async () => {
    const raw = await server(() => undefined);
    await raw.stop();
    const one = pool(Number(raw.url.port), 1);
    const asked = [ask(one), ask(one), ask(one)];
    for (const { ended } of asked) expect(await ended).to.equal("unreachable ECONNREFUSED");
  });

  it("gives a server that accepts and says nothing about TLS its time to connect, and no more", async () => {
    const raw = await server(() => undefined);
    const tls = { servername: "", session: undefined };
    expect(await ask(pool(Number(raw.url.port), 1, { tls, connectMs: 20 })).ended).to.equal(
      "unreachable ETIMEDOUT",
    );
  });

  it("refuses a certificate that it does not know", async () => {
    const read = (name: string) => readFileSync(new URL(`../../test/rig/${name}`, import.meta.url));
    const listening = createTlsServer({
      key: read("self-signed-test-only.key.pem"),
      cert: read("self-signed-test-only.cert.pem"),
    });
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    stopLater(async () => listening.close());
    const { port } = listening.address() as AddressInfo;
    const tls = { servername: "localhost", session: undefined };
    expect(await ask(pool(port, 1, { tls })).ended).to.match(/^unreachable (DEPTH_ZERO_)?SELF_SIGNED_CERT/);
  });

  it("ends a request whose user throws, and the connection with it", async () => {
    const raw = await server((socket) => socket.write(OK));
    const one = pool(Number(raw.url.port), 1);
    const asking = new Asking();
    asking.head = () => {
      throw new Error("a bug");
    };
    const closed = raw.closed();
    one.queue(asking, 0, "any", (connection) => asking.given(connection));
    expect(await asking.ended.catch(String)).to.equal("Error: a bug");
    await closed;
    expect(await ask(one).ended).to.equal("200 ok");
  });
});
