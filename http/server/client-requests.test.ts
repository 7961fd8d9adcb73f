import { expect } from "chai";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { startTestServer } from "../../test/rig/test-server.ts";
import type { Exchange } from "./exchange.ts";

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
});
