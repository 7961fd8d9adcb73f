import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { expect } from "chai";
import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { systemClock } from "../../process/clock.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { startTestServer } from "../../test/rig/test-server.ts";
import { ExchangeStreams } from "./exchange-streams.ts";
import { readShared } from "./shared-reads.ts";

const CLIENTS = 8;
const REQUESTS = 40;

describe("reading all sockets of a server into one buffer", () => {
  it("is what this node offers", async () => {
    const shared = Promise.withResolvers<boolean>();
    const server = createServer({ pauseOnConnect: true }, (accepted) => {
      const socket: Socket = readShared(accepted, (_bytes, isShared) => {
        shared.resolve(isShared);
        socket.end();
      });
      socket.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const client = await RawConnection.open(`http://127.0.0.1:${address.port}`);
    client.send("x");
    expect(await shared.promise).to.equal(true);
    await client.closed;
    await new Promise((resolve) => server.close(resolve));
  });

  it("never shows one client's bytes to another, however their requests are cut", async () => {
    const { server, url, faults } = await startTestServer((exchange) => {
      const streams = new ExchangeStreams(exchange, systemClock, () => exchange.cut());
      const digest = createHash("sha256").update(exchange.request.path);
      const answer = async () => {
        for await (const piece of streams.body ?? []) digest.update(piece);
        const text = Buffer.from(digest.digest("hex"));
        streams.begin("HTTP/1.1 200 OK\r\nContent-Length: 64\r\n", 64);
        streams.finish(text);
      };
      answer().catch((thrown: unknown) => exchange.fault(thrown));
    });
    const random = new SeededRandom(11);
    const talk = async (name: string) => {
      const client = await RawConnection.open(url);
      client.socket.setNoDelay(true);
      const expected: string[] = [];
      let text = "";
      for (let n = 0; n < REQUESTS; n += 1) {
        const path = `/${name}/${n}`;
        const body = name.repeat(random.whole(0, n % 5 === 0 ? 20_000 : 50));
        text += `POST ${path} HTTP/1.1\r\nHost: ${name}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
        expected.push(createHash("sha256").update(path).update(body).digest("hex"));
      }
      const sending = async () => {
        for (let at = 0; at < text.length; ) {
          const length = random.whole(1, random.chance(0.1) ? 60_000 : 300);
          const part = text.slice(at, at + length);
          await new Promise<void>((sent) => client.socket.write(part, "latin1", () => sent()));
          at += length;
        }
      };
      const sent = sending();
      for (const digest of expected) expect((await client.reply()).body).to.equal(digest);
      await sent;
      client.destroy();
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, n) => talk(String.fromCharCode(97 + n))));
    await server.close(0);
    expect(faults).to.deep.equal([]);
  });
});
