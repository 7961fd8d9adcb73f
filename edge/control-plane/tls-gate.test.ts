import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp, createServer, type Server } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { ControlIdentity } from "../../process/control/control-identity.ts";
import { listen } from "../../process/listen.ts";
import { ControlCertificates, type PairFiles } from "../../test/rig/control-certificates.ts";
import { until } from "../../test/rig/until.ts";
import { TlsGate } from "./tls-gate.ts";

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe("the gate of the control port", () => {
  let fleet: ControlCertificates;
  let others: ControlCertificates;
  let server: Server;
  let port: number;
  let gate: TlsGate;
  let admitted: TLSSocket[];
  let refused: string[];

  before(async () => {
    [fleet, others] = await Promise.all([ControlCertificates.make(), ControlCertificates.make()]);
    await fleet.server("edge-1");
    for (const name of ["ann", "bob"]) await fleet.client(name);
    await others.client("ann");
  });
  beforeEach(() => open());
  afterEach(async () => {
    gate.cut(() => true);
    server.close();
    await once(server, "close");
  });
  after(() => {
    fleet.remove();
    others.remove();
  });

  async function open(letsInAnonymous = false): Promise<void> {
    [admitted, refused] = [[], []];
    const identity = new ControlIdentity({ ca: fleet.ca, pair: fleet.files("edge-1") }, systemClock, QUIET);
    const onRefused = (reason: string) => void refused.push(reason);
    gate = new TlsGate({ identity, letsInAnonymous, log: QUIET, onRefused }, (socket) => {
      admitted.push(socket.on("error", () => undefined).resume());
    });
    server = createServer((socket) => gate.take(socket.on("error", () => undefined)));
    port = await listen(server, "127.0.0.1", 0, "gate");
  }

  function client(pair: PairFiles | undefined, options: ConnectionOptions = {}): TLSSocket {
    const own = pair === undefined ? {} : { cert: readFileSync(pair.cert), key: readFileSync(pair.key) };
    const secure = { port, host: "127.0.0.1", ca: readFileSync(fleet.ca), ALPNProtocols: ["h2"], ...own };
    return connect({ ...secure, ...options })
      .on("error", () => undefined)
      .resume();
  }

  const closed = (socket: TLSSocket) => new Promise((resolve) => socket.once("close", resolve));

  it("lets in who has a certificate of the CA", async () => {
    const socket = client(fleet.files("ann"));
    await once(socket, "secureConnect");
    await until("it is admitted", () => admitted.length === 1);
    expect([socket.getProtocol(), socket.alpnProtocol]).to.deep.equal(["TLSv1.3", "h2"]);
    socket.destroy();
  });

  it("refuses everyone else, and says why", async () => {
    for (const [pair, options, reason] of [
      [undefined, {}, "no-certificate"],
      [others.files("ann"), {}, "bad-certificate"],
      [fleet.files("ann"), { maxVersion: "TLSv1.2" }, "handshake-failed"],
      [fleet.files("ann"), { ALPNProtocols: ["http/1.1"] }, "handshake-failed"],
    ] satisfies readonly (readonly [PairFiles | undefined, ConnectionOptions, string])[]) {
      refused.length = 0;
      await closed(client(pair, options));
      await until(`it is refused: ${reason}`, () => refused.length === 1);
      expect(refused).to.deep.equal([reason]);
    }
    expect(admitted).to.deep.equal([]);
  });

  it("refuses an expired certificate", async () => {
    await closed(client(await fleet.client("late", { from: -3, days: -1 })));
    await until("it is refused", () => refused.length === 1);
    expect(refused).to.deep.equal(["bad-certificate"]);
  });

  it("lets in who shows none where a token may stand for it, and nobody with a wrong one", async () => {
    server.close();
    await open(true);
    const socket = client(undefined);
    await until("it is admitted", () => admitted.length === 1);
    socket.destroy();
    await closed(client(others.files("ann")));
    await until("it is refused", () => refused.length === 1);
    expect(refused).to.deep.equal(["bad-certificate"]);
  });

  it("survives what is no handshake, in any number", async () => {
    const openings = [
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01",
      "\0",
      "",
    ];
    await Promise.all(
      Array.from({ length: 100 }, async (_, at) => {
        const socket = connectTcp(port, "127.0.0.1").on("error", () => undefined);
        await once(socket, "connect");
        socket.end(openings[at % openings.length] ?? "", "latin1");
        await once(socket.resume(), "close");
      }),
    );
    const socket = client(fleet.files("ann"));
    await once(socket, "secureConnect");
    await until("it is admitted", () => admitted.length === 1);
    expect(new Set(refused)).to.deep.equal(new Set(["handshake-failed"]));
    socket.destroy();
  });

  it("resumes no session, because a certificate is asked for in whole handshakes only", async () => {
    const sessions: Buffer[] = [];
    const first = client(fleet.files("ann")).on("session", (session) => sessions.push(session));
    await once(first, "secureConnect");
    await until("it is admitted", () => admitted.length === 1);
    // Tickets of TLS 1.3 come behind the handshake, with the first bytes.
    admitted[0]?.write("x");
    await once(first, "data");
    first.destroy();
    for (const session of [...sessions, undefined]) {
      const again = client(fleet.files("ann"), session === undefined ? {} : { session });
      await once(again, "secureConnect");
      expect(again.isSessionReused()).to.equal(false);
      again.destroy();
    }
  });

  it("cuts the connections of the names that it is told", async () => {
    const [ann, bob] = [client(fleet.files("ann")), client(fleet.files("bob"))];
    await until("both are admitted", () => admitted.length === 2);
    gate.cut((names) => names.includes("ann"));
    await closed(ann);
    expect(bob.destroyed).to.equal(false);
    bob.destroy();
  });
});
