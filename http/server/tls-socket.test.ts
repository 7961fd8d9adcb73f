import { once } from "node:events";
import { connect as connectPlain } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { expect } from "chai";
import { type Clock, systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { CertificateFolder, makeCertificate } from "../../test/rig/certificate-files.ts";
import { startTestServer, type TestServer } from "../../test/rig/test-server.ts";
import { until } from "../../test/rig/until.ts";
import { Certificates, type CertificatesConfig } from "../tls/certificates.ts";
import type { AnswersAtOnce } from "./answer-at-once.ts";
import type { Exchange } from "./exchange.ts";
import { ExchangeStreams } from "./exchange-streams.ts";

const GET = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n";
const OWN = "Strict-Transport-Security: max-age=60\r\n";

describe("a TLS port", () => {
  let folder: CertificateFolder;
  let certificates: Certificates;
  let skippedMs: number;
  let body: Buffer;
  let server: TestServer;
  let port: number;
  let asked: Exchange[];
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs };

  beforeEach(() => {
    folder = new CertificateFolder();
    [skippedMs, body, asked] = [0, Buffer.from("whole"), []];
  });
  afterEach(async () => {
    await server.server.close(0);
    folder.remove();
    expect(server.faults).to.deep.equal([]);
  });

  function take(exchange: Exchange): void {
    asked.push(exchange);
    // Small enough to be copied into the buffer that all connections share.
    if (exchange.request.path !== "/a") body = Buffer.alloc(15_000, exchange.request.path.slice(1));
    const streams = new ExchangeStreams(exchange, clock, () => exchange.cut());
    streams.begin(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n`, body.length);
    void streams.finishWith(body);
  }

  async function start(
    config: Partial<CertificatesConfig> = {},
    limits = {},
    atOnce?: AnswersAtOnce,
  ): Promise<void> {
    const pairs = [await folder.make("a", ["a.example"]), await folder.make("b", ["b.example"])];
    certificates = new Certificates(
      { pairs, unknownName: "default", ticketKeys: undefined, hosts: [], ...config },
      systemClock,
      createLog("test", "silent"),
    );
    server = await startTestServer(take, { checkMs: 10, ...limits }, clock, atOnce);
    port = await server.server.openTls("127.0.0.1", 0, { identity: certificates, ownLines: OWN });
  }

  async function client(
    options: ConnectionOptions = {},
    to = port,
    session: (session: Buffer) => void = () => undefined,
  ): Promise<TLSSocket> {
    const socket = connect({ port: to, host: "127.0.0.1", rejectUnauthorized: false, ...options });
    // The server may close it in its own way.
    socket
      .setEncoding("latin1")
      .on("session", session)
      .on("error", () => undefined);
    await once(socket, "secureConnect");
    return socket;
  }

  /** All bytes up to and with the mark. */
  async function upTo(socket: TLSSocket, length: number): Promise<string> {
    let text = "";
    for await (const part of socket.iterator({ destroyOnReturn: false })) {
      text += part;
      if (text.length >= length) break;
    }
    return text;
  }

  async function ask(socket: TLSSocket): Promise<string> {
    socket.write(GET);
    const [text] = await once(socket, "data");
    return text;
  }

  const nameOf = (socket: TLSSocket) => socket.getPeerX509Certificate()?.subjectAltName;
  const refused = (options: ConnectionOptions = {}) => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
    return once(socket, "secureConnect").then(
      () => {
        socket.destroy();
        return "connected";
      },
      (error: NodeJS.ErrnoException) => error.code ?? "failed",
    );
  };

  it("answers HTTP/1.1 on a connection that stays open, with lines of its own in each answer", async () => {
    await start();
    const socket = await client({ ALPNProtocols: ["http/1.1"], servername: "a.example" });
    expect(socket.alpnProtocol).to.equal("http/1.1");
    for (let i = 0; i < 2; i += 1) {
      const answer = await ask(socket);
      expect(answer).to.match(/^HTTP\/1\.1 200 OK\r\nStrict-Transport-Security: max-age=60\r\n/);
      expect(answer.endsWith("\r\n\r\nwhole")).to.equal(true);
    }
    expect(asked.map(({ peer }) => peer.scheme)).to.deep.equal(["https", "https"]);
    socket.write("nonsense\r\n\r\n");
    const [refusal] = await once(socket, "data");
    expect(refusal).to.match(/^HTTP\/1\.1 400 Bad Request\r\nStrict-Transport-Security/);
  });

  it("delivers a large answer whole to a client that reads slowly", async () => {
    await start();
    // More than the kernel takes.
    body = Buffer.alloc(32 * 2 ** 20, "0123456789a");
    const socket = await client();
    socket.pause().write(GET);
    await until("the answer waits", () => asked[0] !== undefined && asked[0].untaken > 0);
    const answer = await upTo(socket, body.length);
    expect(Buffer.from(answer.slice(-body.length), "latin1").equals(body)).to.equal(true);
    socket.destroy();
  });

  it("waits for a client that asks on and does not read, with answers that are ready at once", async () => {
    const waiting: Exchange[] = [];
    const content = Buffer.alloc(10_000, "c");
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n";
    const answer = { head, body: content, waits: (exchange: Exchange) => waiting.push(exchange) };
    await start({}, {}, () => ({ find: () => answer }));
    const socket = await client();
    socket.pause().write(GET.repeat(4_000));
    await until("the server waits", () => waiting.length > 0);
    // What may wait unseen, and what one turn gives.
    expect(waiting[0]?.untaken).to.be.within(64 * 1024, 64 * 1024 + 16 * 10_200);
    const whole = 4_000 * (head.length + OWN.length + content.length);
    expect((await upTo(socket, whole)).length).to.equal(whole);
    socket.destroy();
  });

  it("gives each client its own bytes, however many wait to be read", async () => {
    await start();
    const marks = Array.from("bcdefghijklmnop");
    const clients = await Promise.all(marks.map(() => client()));
    const request = (mark: string) => GET.replace("/a", `/${mark}`);
    const texts = clients.map(async (socket, i) => {
      socket.pause();
      for (let sent = 0; sent < 40; sent += 1) socket.write(request(marks[i] ?? ""));
      await until("all are under way", () => asked.length > 100);
      return upTo(socket, 40 * 15_000);
    });
    for (const [i, text] of (await Promise.all(texts)).entries()) {
      const contents = text.split("\r\n\r\n").slice(1);
      const own = new RegExp(`^${marks[i]}{15000}(HTTP/1.1 200 OK|$)`);
      for (const content of contents.slice(0, 39))
        expect(own.test(content), `client ${marks[i]}`).to.equal(true);
      expect(contents.length).to.be.at.least(39);
    }
    for (const socket of clients) socket.destroy();
  });

  it("chooses the certificate by the name that the client asks for", async () => {
    await start();
    const names = [undefined, "a.example", "b.example", "c.example"];
    const found = await Promise.all(
      names.map(async (servername) => {
        const socket = await client(servername === undefined ? {} : { servername });
        const name = nameOf(socket);
        socket.destroy();
        return name;
      }),
    );
    const [a, b] = ["DNS:a.example", "DNS:b.example"];
    expect(found).to.deep.equal([a, a, b, a]);
  });

  it("refuses an unknown name where it is told to", async () => {
    await start({ unknownName: "refuse" });
    expect(await refused({ servername: "c.example" })).to.equal("ECONNRESET");
    expect(await refused({ servername: "b.example" })).to.equal("connected");
  });

  it("speaks TLS 1.2 and 1.3 with ciphers that keep no long-lived secret, and nothing older", async () => {
    await start();
    const speaks = async (version: "TLSv1.2" | "TLSv1.3") => {
      const socket = await client({ minVersion: version, maxVersion: version });
      const protocol = socket.getProtocol();
      socket.destroy();
      return protocol;
    };
    expect([await speaks("TLSv1.2"), await speaks("TLSv1.3")]).to.deep.equal(["TLSv1.2", "TLSv1.3"]);
    const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    expect(await refused(old)).not.to.equal("connected");
    expect(await refused({ maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" })).not.to.equal("connected");
  });

  it("gives a new certificate to new connections and disturbs none", async () => {
    await start();
    const open = await client();
    folder.write("a", await makeCertificate(["new.example"]));
    certificates.refresh();
    expect(await ask(open)).to.contain("whole");
    expect(nameOf(await client())).to.equal("DNS:new.example");
    expect(nameOf(open)).to.equal("DNS:a.example");
  });

  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    it(`resumes a session of ${version} after a reload, and at another server with the same key`, async () => {
      await start({ ticketKeys: folder.file("tickets") });
      const sessions: Buffer[] = [];
      const first = await client({ maxVersion: version, servername: "a.example" }, port, (session) =>
        sessions.push(session),
      );
      await ask(first);
      await until("a ticket came", () => sessions.length > 0);
      const session = sessions.at(-1) ?? Buffer.alloc(0);
      const reused = async (to: number) => {
        const socket = await client({ session, maxVersion: version, servername: "a.example" }, to);
        await ask(socket);
        const isReused = socket.isSessionReused();
        socket.destroy();
        return isReused;
      };
      folder.write("b", await makeCertificate(["new.example"]));
      certificates.refresh();
      expect(await reused(port)).to.equal(true);
      const others = await startTestServer(take, {}, clock);
      const keys = { pairs: [{ cert: folder.file("a.cert.pem"), key: folder.file("a.key.pem") }], hosts: [] };
      const shared = new Certificates(
        { ...keys, unknownName: "default", ticketKeys: folder.file("tickets") },
        systemClock,
        createLog("test", "silent"),
      );
      const other = await others.server.openTls("127.0.0.1", 0, { identity: shared, ownLines: "" });
      expect(await reused(other)).to.equal(true);
      await others.server.close(0);
    });
  }

  it("closes a handshake that takes more than ten seconds, and not one that takes less", async () => {
    await start();
    const silent = connectPlain(port, "127.0.0.1");
    const closed = once(silent, "close");
    await once(silent, "connect");
    skippedMs = 9_000;
    const honest = await client();
    expect(await ask(honest)).to.contain("whole");
    expect(silent.closed).to.equal(false);
    skippedMs = 10_500;
    await closed;
    honest.destroy();
    expect(server.handshakes).to.deep.equal(["too-slow"]);
  });

  it("survives what is no handshake", async () => {
    await start();
    const rubbish = [
      GET,
      "\x16\x03\x01\xff\xff",
      "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
      `\x16\x03\x01\x02\x00${"\0".repeat(512)}`,
      "\x80\x2e\x01\x00\x02",
      "",
    ];
    for (const bytes of rubbish) {
      const socket = connectPlain(port, "127.0.0.1").on("error", () => undefined);
      socket.end(bytes, "latin1");
      socket.resume();
      await once(socket, "close");
    }
    expect(await ask(await client())).to.contain("whole");
    expect(asked).to.have.length(1);
    expect([...server.handshakes].sort()).to.deep.equal([
      ...["client-left", "client-left"],
      ...["failed", "failed", "failed", "failed"],
    ]);
  });

  it("counts a handshake among the connections of its client, and tells a client that has too many", async () => {
    await start({}, { clientConnections: 2 });
    const from = { port, host: "127.0.0.1", localAddress: "127.0.0.2" };
    const silent = [0, 1].map(() => connectPlain(from).on("error", () => undefined));
    for (const socket of silent) await once(socket, "connect");
    const third = connectPlain(from).resume();
    await once(third, "close");
    expect(server.limited).to.deep.equal(["connections 127.0.0.2"]);
    for (const socket of silent) socket.destroy();
  });
});
