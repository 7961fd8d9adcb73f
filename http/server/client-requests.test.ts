import { expect } from "chai";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { startTestServer } from "../../test/rig/test-server.ts";
import { Fields } from "../message/fields.ts";
import { clientLimitWarning } from "./client-limits.ts";
import { ClientRequests } from "./client-requests.ts";
import { clientTables, countedTogether } from "./client-tables.ts";
import type { Exchange } from "./exchange.ts";
import { peerAt } from "./peer.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n";

describe("requests of one client that are under way", () => {
  it("are as many as its limit allows, seen through a trusted proxy, and one more is answered 429", async () => {
    const waiting: Exchange[] = [];
    const arrived = Promise.withResolvers<void>();
    const { server, url, limited } = await startTestServer(
      (exchange) => {
        waiting.push(exchange);
        if (waiting.length === 3) arrived.resolve();
      },
      { clientRequests: 2 },
    );
    const asked: RawConnection[] = [];
    const ask = async (client: string): Promise<RawConnection> => {
      const connection = await RawConnection.open(url);
      asked.push(connection);
      return connection.send(`${GET}X-Forwarded-For: ${client}\r\n\r\n`);
    };
    for (const client of ["192.0.2.1", "192.0.2.1", "192.0.2.2"]) await ask(client);
    await arrived.promise;
    const refused = await ask("192.0.2.1");
    expect((await refused.reply()).header("X-Refused")).to.equal("client-requests");
    await refused.closed;
    expect(limited).to.deep.equal(["requests 192.0.2.1"]);
    for (const exchange of waiting) {
      exchange.begin("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      exchange.finish();
    }
    expect((await asked[0]?.reply())?.status).to.equal(200);
    // It has room again.
    await ask("192.0.2.1");
    for (const connection of asked) connection.destroy();
    await server.close(0);
  });

  it("are told apart by whether a proxy that is not trusted seems to send them", async () => {
    const { server, url, limited } = await startTestServer(
      (exchange) => {
        exchange.begin("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        exchange.finish();
      },
      { clientConnections: 1 },
    );
    const asked: RawConnection[] = [];
    for (const [from, forwarded] of [
      ["127.0.0.2", "X-Forwarded-For: 192.0.2.1\r\n"],
      ["127.0.0.3", ""],
    ]) {
      const first = await RawConnection.open(url, from);
      expect((await first.send(`${GET}${forwarded}\r\n`).reply()).status).to.equal(200);
      const second = await RawConnection.open(url, from);
      await second.closed;
      asked.push(first, second);
    }
    expect(limited).to.deep.equal(["connections 127.0.0.2 forwards", "connections 127.0.0.3"]);
    for (const connection of asked) connection.destroy();
    await server.close(0);
  });

  it("count together at several threads", () => {
    const tables = clientTables(2);
    const refused: string[] = [];
    const proxies = new TrustedProxies([]);
    const [one, other] = [0, 1].map(
      (thread) =>
        new ClientRequests(
          proxies,
          2,
          (client) => refused.push(client),
          countedTogether(tables, thread).requests,
        ),
    );
    expect([one?.begin("a"), other?.begin("a"), other?.begin("b")]).to.deep.equal([true, true, true]);
    expect([one?.begin("a"), other?.begin("a")]).to.deep.equal([false, false]);
    one?.end("a");
    expect([other?.begin("a"), one?.begin("a")]).to.deep.equal([true, false]);
    expect(refused).to.deep.equal(["a", "a", "a"]);
  });

  it("are remembered for 100 of such proxies", () => {
    const proxies = new TrustedProxies(["10.0.0.0/8"]);
    const requests = new ClientRequests(proxies, 1, () => undefined);
    const forwarded = { section: Fields.of([["X-Forwarded-For", "192.0.2.1"]]) };
    for (let n = 1; n <= 101; n += 1)
      requests.clientOf(peerAt(`198.51.100.${n}`, "http", proxies), forwarded);
    expect(requests.clientOf(peerAt("10.1.2.3", "http", proxies), forwarded)).to.equal("192.0.2.1");
    const noted = ["198.51.100.100", "198.51.100.101", "10.1.2.3"].map((client) => requests.forwards(client));
    expect(noted).to.deep.equal([true, false, false]);
  });

  it("name the remedy in the log", () => {
    expect(clientLimitWarning(true)).to.include("X-Forwarded-For").and.include("--trusted-proxies");
    expect(clientLimitWarning(false)).to.include("if this is a proxy").and.not.include("X-Forwarded-For");
  });
});
