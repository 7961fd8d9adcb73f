import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";

const PROBE = resolve(import.meta.dirname, "../../packaging/container/probe.sh");

async function probe(...args: readonly string[]): Promise<{ status: number; said: string }> {
  const child = spawn(PROBE, args, { stdio: ["ignore", "ignore", "pipe"] });
  const [said, [status]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { status, said };
}

/** What the probe says of a server that answers so. */
async function probeServer(answer: RequestListener): Promise<{ status: number; said: string; url: string }> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/readyz?all`;
  try {
    return { ...(await probe(url)), url };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("the health check of a container", () => {
  before(function () {
    if (process.platform !== "linux") this.skip();
  });

  it("succeeds when the page answers 200 or 299", async () => {
    const asked: string[] = [];
    for (const statusCode of [200, 299]) {
      const { status, said } = await probeServer((request, response) => {
        asked.push(`${request.method} ${request.url} ${request.headers.host}`);
        response.writeHead(statusCode).end('{"ready":true}');
      });
      expect([status, said]).to.deep.equal([0, ""]);
    }
    expect(new Set(asked)).to.deep.equal(new Set(["GET /readyz?all localhost"]));
  });

  it("fails when it answers 300 or 503, and says what the page says", async () => {
    for (const statusCode of [300, 503]) {
      const { status, said, url } = await probeServer((_request, response) => {
        response.writeHead(statusCode).end('{"ready":false,"reasons":["no origin"]}');
      });
      expect([status, said]).to.deep.equal([
        1,
        `${url}: ${statusCode} {"ready":false,"reasons":["no origin"]}\n`,
      ]);
    }
  });

  it("fails when nothing listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const { status, said } = await probe(`http://127.0.0.1:${port}/healthz`);
    expect(status).to.equal(1);
    expect(said).to.contain("Connection refused");
  });

  it("fails when a program that hangs takes the connection and says nothing", async () => {
    const { status, said, url } = await probeServer(() => undefined);
    expect([status, said]).to.deep.equal([1, `${url}: no answer within 2 s\n`]);
  });

  for (const url of ["https://127.0.0.1:1/", "http://127.0.0.1/healthz", "http://127.0.0.1:1", "$(id)"])
    it(`does not take ${url}`, async () => {
      const { status, said } = await probe(url);
      expect([status, said]).to.deep.equal([1, `the URL must be http://host:port/path: got "${url}"\n`]);
    });
});
