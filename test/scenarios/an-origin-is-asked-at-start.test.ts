import { Writable } from "node:stream";
import { expect } from "chai";
import { pino } from "pino";
import { stopAfterEach } from "../rig/fetching.ts";
import { freePort } from "../rig/free-port.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge } from "../rig/test-edge.ts";

const TOLD = "origin cannot be reached";

describe("an edge that starts", () => {
  const stopLater = stopAfterEach();

  /** The first line that tells of the origin. */
  async function told(origin: string): Promise<{ readonly site: string; readonly cause: string }> {
    const line = Promise.withResolvers<string>();
    const log = pino(
      new Writable({
        write(chunk, _encoding, done) {
          if (String(chunk).includes(TOLD)) line.resolve(String(chunk));
          done();
        },
      }),
    );
    const edge = await startTestEdge(new URL(origin), { log });
    stopLater(() => edge.stop());
    return JSON.parse(await line.promise);
  }

  it("says that nobody listens at its origin, before anybody asks for something", async () => {
    const port = await freePort();
    expect(await told(`http://127.0.0.1:${port}`)).to.deep.include({ site: "default", level: 40 });
  });

  it("says that its origin has no address, or speaks no TLS", async () => {
    expect((await told("http://shop.invalid")).cause).to.contain("ENOTFOUND");
    const origin = await HttpOrigin.start();
    stopLater(() => origin.stop());
    expect((await told(origin.url.href.replace("http:", "https:"))).cause).to.match(/SSL|TLS/i);
  });

  it("asks it nothing that the origin would answer", async () => {
    const origin = await HttpOrigin.start();
    stopLater(() => origin.stop());
    const edge = await startTestEdge(origin.url);
    stopLater(() => edge.stop());
    const page = await (await fetch(`${edge.operator}/origins`)).text();
    expect([/"state":"(\w+)"/.exec(page)?.[1], origin.requests()]).to.deep.equal(["reachable", []]);
  });
});
