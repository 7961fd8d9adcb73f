import { once } from "node:events";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { expect } from "chai";
import { type Clock, systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { CertificateFolder } from "../../test/rig/certificate-files.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { startTestServer, type TestServer } from "../../test/rig/test-server.ts";
import { until } from "../../test/rig/until.ts";
import { Certificates } from "../tls/certificates.ts";
import type { Exchange } from "./exchange.ts";
import { ExchangeStreams } from "./exchange-streams.ts";
import { PREAMBLE_MS } from "./preamble.ts";

const FROM = "PROXY TCP4 192.0.2.7 10.0.0.1 56324 80\r\n";
const GET = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n";

describe("a port behind a load balancer that says who its client is", () => {
  let server: TestServer;
  let refused: string[];
  let skippedMs: number;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs };

  beforeEach(async () => {
    [refused, skippedMs] = [[], 0];
    // The balancer is 127.0.0.1. The port is on every address, so another client is 127.0.0.2.
    const preambles = {
      networks: ["127.0.0.1"],
      refused: (fault: string, by: string) => void refused.push(`${fault} ${by}`),
    };
    server = await startTestServer(take, { checkMs: 10, clientConnections: 2 }, clock, undefined, preambles);
  });
  afterEach(async () => {
    await server.server.close(0);
    expect(server.faults).to.deep.equal([]);
  });

  /** Answers with the address of the client, and whether it is a trusted proxy. */
  function take(exchange: Exchange): void {
    const streams = new ExchangeStreams(exchange, clock, () => exchange.cut());
    const { address, trusted, scheme } = exchange.peer;
    const body = Buffer.from(`${scheme} ${address} ${trusted}`);
    streams.begin(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n`, body.length);
    void streams.finishWith(body);
  }

  async function told(...pieces: readonly string[]): Promise<string> {
    const client = await RawConnection.open(server.url);
    for (const piece of pieces) {
      client.send(piece);
      // So that each piece arrives by itself.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { body } = await client.reply();
    client.destroy();
    return body;
  }

  it("takes the address in the preamble for the client's, however it arrives", async () => {
    expect(await told(`${FROM}${GET}`)).to.equal("http 192.0.2.7 false");
    expect(await told(FROM, GET)).to.equal("http 192.0.2.7 false");
    expect(
      await told("PRO", "XY TCP4 192.0.2.7 10.0.0.1 56324 80\r", `\n${GET.slice(0, 9)}`, GET.slice(9)),
    ).to.equal("http 192.0.2.7 false");
    const v2 = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x08\x0a\0\0\x01\x1f\x90\0\x50";
    expect(await told(v2 + GET)).to.equal("http 192.0.2.8 false");
    expect(refused).to.deep.equal([]);
  });

  it("takes the balancer itself for the client where it speaks for itself", async () => {
    expect(await told(`PROXY UNKNOWN\r\n${GET}`)).to.equal("http 127.0.0.1 true");
  });

  it("takes HTTP/2 behind the preamble", async () => {
    const client = await RawConnection.open(server.url);
    // RFC 9113 section 3.4: the preface, and empty SETTINGS. The server answers with its own.
    client.send(`${FROM}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0`);
    const [first] = (await once(client.socket, "data")) as [string];
    expect(first.charCodeAt(3)).to.equal(4);
    client.destroy();
  });

  it("answers every request of the connection for that client", async () => {
    const client = await RawConnection.open(server.url);
    client.send(`${FROM}${GET}${GET}`);
    expect((await client.reply()).body).to.equal("http 192.0.2.7 false");
    expect((await client.reply()).body).to.equal("http 192.0.2.7 false");
    client.send(GET);
    expect((await client.reply()).body).to.equal("http 192.0.2.7 false");
    client.destroy();
  });

  it("closes a connection of the balancer that begins with something else, or ends too early", async () => {
    for (const bytes of [GET, "PROXY TCP4 nonsense\r\n", "\x16\x03\x01"]) {
      const client = await RawConnection.open(server.url);
      expect(await client.send(bytes).rest()).to.equal("");
    }
    const early = await RawConnection.open(server.url);
    early.send("PROXY T").socket.end();
    await early.closed;
    expect(refused).to.deep.equal([
      "missing 127.0.0.1",
      "malformed 127.0.0.1",
      "missing 127.0.0.1",
      "incomplete 127.0.0.1",
    ]);
  });

  it("waits five seconds for a preamble, and no longer", async () => {
    const [silent, slow] = [await RawConnection.open(server.url), await RawConnection.open(server.url)];
    slow.send("PROXY TCP4 192.0.2.7");
    expect(await told(`${FROM}${GET}`)).to.equal("http 192.0.2.7 false");
    skippedMs = PREAMBLE_MS - 1_000;
    expect(await told(`${FROM}${GET}`)).to.equal("http 192.0.2.7 false");
    expect([silent.socket.destroyed, slow.socket.destroyed]).to.deep.equal([false, false]);
    skippedMs = PREAMBLE_MS + 1;
    await Promise.all([silent.closed, slow.closed]);
    expect(refused).to.deep.equal(["incomplete 127.0.0.1", "incomplete 127.0.0.1"]);
  });

  it("lets the balancer have any number of connections, and each client its own", async () => {
    const clients: RawConnection[] = [];
    const from = async (address: string) => {
      const client = await RawConnection.open(server.url);
      clients.push(client.send(`PROXY TCP4 ${address} 10.0.0.1 1 2\r\n${GET}`));
      return client;
    };
    for (const address of ["192.0.2.1", "192.0.2.1", "192.0.2.2"])
      expect((await (await from(address)).reply()).status).to.equal(200);
    expect(await (await from("192.0.2.1")).rest()).to.equal("");
    expect(server.limited).to.deep.equal(["connections 192.0.2.1"]);
    for (const client of clients) client.destroy();
  });

  it("takes a preamble of anyone else for what it is without: no request", async () => {
    const socket = connectPlain({ port: Number(new URL(server.url).port), localAddress: "127.0.0.2" });
    expect(await answerTo(socket, FROM + GET)).to.match(/^HTTP\/1\.1 400 /);
    const plain = connectPlain({ port: Number(new URL(server.url).port), localAddress: "127.0.0.2" });
    expect(await answerTo(plain, GET)).to.contain("http 127.0.0.2 false");
  });

  it("ends the connections that wait when it stops", async () => {
    const waiting = await RawConnection.open(server.url);
    await server.server.close(0);
    await waiting.closed;
    expect(refused).to.deep.equal([]);
  });

  it("shakes hands behind the preamble", async () => {
    const folder = new CertificateFolder();
    const config = { unknownName: "default", ticketKeys: undefined, hosts: [] } as const;
    const pairs = [await folder.make("a", ["a.example"])];
    const identity = new Certificates({ pairs, ...config }, systemClock, createLog("test", "silent"));
    const port = await server.server.openTls("127.0.0.1", 0, { identity, ownLines: "" });
    for (const pause of [false, true]) {
      const socket = connectPlain(port, "127.0.0.1");
      await once(socket, "connect");
      socket.write(FROM);
      if (pause) await new Promise((resolve) => setImmediate(resolve));
      const secure = connectTls({ socket, servername: "a.example", rejectUnauthorized: false });
      expect(await answerTo(secure, GET)).to.contain("https 192.0.2.7 false");
    }
    const bare = connectTls({ port, rejectUnauthorized: false }).on("error", () => undefined);
    await new Promise((resolve) => bare.once("close", resolve));
    await until("it was counted", () => refused.length === 1);
    expect(refused).to.deep.equal(["missing 127.0.0.1"]);
    folder.remove();
  });

  async function answerTo(socket: Socket, bytes: string): Promise<string> {
    socket.setEncoding("latin1").on("error", () => undefined);
    socket.write(bytes);
    let answer = "";
    for await (const text of socket) {
      answer += text;
      if (answer.includes("\r\n\r\n") && /(true|false)$|400/.test(answer)) break;
    }
    return answer;
  }
});
