import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { expect } from "chai";
import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { makeCertificate } from "../../test/rig/certificate-files.ts";
import { until } from "../../test/rig/until.ts";
import { readTlsShared } from "./shared-tls-reads.ts";
import { ServerTlsSocket } from "./tls-socket.ts";

const CLIENTS = 8;
// RFC 8446 section 5.1.
const RECORD = 16 * 1024;
// Three of them, which arrive together.
const RECORDS = ["a", "b", "c"].map((letter) => letter.repeat(RECORD)).join("");

describe("reading all TLS sockets of a server into one buffer", () => {
  let context: SecureContext;
  let server: Server;
  let port: number;
  let accepted: (socket: TLSSocket) => void;

  before(async () => {
    context = createSecureContext(await makeCertificate(["a.example"]));
  });
  beforeEach(async () => {
    server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (plain) => {
      const socket = new ServerTlsSocket(plain, { unnamed: context, named: () => context }, []);
      socket.on("secure", () => accepted(socket)).on("error", () => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    port = address.port;
  });
  afterEach(() => new Promise((closed) => server.close(closed)));

  async function client(): Promise<TLSSocket> {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    socket.on("error", () => socket.destroy());
    await once(socket, "secureConnect");
    return socket;
  }

  it("is what this node offers", async () => {
    const shared = Promise.withResolvers<boolean>();
    accepted = (socket) =>
      readTlsShared(socket, (_bytes, isShared) => {
        shared.resolve(isShared);
        socket.end();
      });
    const socket = (await client()).resume();
    socket.write("x");
    expect(await shared.promise).to.equal(true);
    await once(socket, "close");
  });

  it("gives each connection its own bytes, in their order, while it pauses and goes on", async () => {
    const random = new SeededRandom(7);
    accepted = (socket) => {
      readTlsShared(socket, (bytes) => {
        expect(socket.isPaused()).to.equal(false);
        socket.write(Buffer.from(bytes));
        if (!random.chance(0.3)) return;
        socket.pause();
        setImmediate(() => socket.resume());
      });
      socket.on("end", () => socket.end());
    };
    const talk = async (name: string) => {
      const socket = (await client()).setEncoding("latin1");
      let [sent, received] = ["", ""];
      socket.on("data", (text: string) => {
        received += text;
      });
      for (let n = 0; n < 200; n += 1) {
        const text = `${name}${n} `.repeat(random.whole(1, random.chance(0.1) ? 5_000 : 20));
        sent += text;
        socket.write(text);
        if (random.chance(0.1)) await new Promise((turn) => setImmediate(turn));
      }
      socket.end();
      await once(socket, "close");
      expect(received).to.equal(sent);
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, n) => talk(String.fromCharCode(97 + n))));
  });

  it("gives nothing more in a turn to a connection that has paused", async () => {
    const got: string[] = [];
    const opened = Promise.withResolvers<TLSSocket>();
    accepted = (socket) => {
      readTlsShared(socket, (bytes) => {
        got.push(bytes.toString());
        socket.pause();
      });
      opened.resolve(socket);
    };
    const socket = await client();
    socket.write(RECORDS);
    const served = await opened.promise;
    await until("the records behind the first one have come", () => served.readableLength > 0);
    expect(got).to.deep.equal([RECORDS.slice(0, RECORD)]);
    for (let more = 1; got.join("") !== RECORDS; more += 1) {
      served.resume();
      await until("the next one is given", () => got.length > more);
      expect(got).to.have.length(more + 1);
    }
    served.destroy();
    socket.destroy();
  });

  it("ends a connection whose next record would overwrite the one that is being read", async () => {
    const got: string[] = [];
    accepted = (socket) =>
      readTlsShared(socket, (bytes) => {
        got.push(bytes.toString());
        // node looks for records when nothing is written.
        socket.write(Buffer.alloc(0));
      });
    const socket = (await client()).resume();
    socket.write(RECORDS);
    await once(socket, "close");
    expect(got).to.deep.equal([RECORDS.slice(0, RECORD)]);
  });
});
