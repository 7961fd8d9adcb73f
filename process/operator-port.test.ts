import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Writable } from "node:stream";
import { expect } from "chai";
import { pino } from "pino";
import { get } from "../test/rig/http-client.ts";
import { NO_CONTROL } from "./control/control-config.ts";
import { type OperatorPort, startOperatorPort } from "./operator-port.ts";
import { MOST_FROM_ONE_ADDRESS, MOST_OPERATOR_CONNECTIONS } from "./operator-server.ts";

describe("the operator port", () => {
  let reasons: readonly string[];
  let warnings: readonly string[];
  let operator: OperatorPort;
  let logged: string[];
  const url = (path: string) => `http://127.0.0.1:${operator.port}${path}`;

  beforeEach(async () => {
    reasons = [];
    warnings = [];
    logged = [];
    const sink = new Writable({
      write(line, _encoding, done) {
        logged.push(String(line));
        done();
      },
    });
    operator = await startOperatorPort({
      host: "127.0.0.1",
      port: 0,
      names: ["edge-1.internal"],
      access: { ...NO_CONTROL, identity: undefined, callers: () => undefined },
      log: pino(sink),
      ready: async () => {
        if (reasons.includes("broken")) throw new Error("the origin cannot be asked");
        return { ready: reasons.length === 0, reasons, warnings };
      },
      metrics: async () => {
        if (reasons.includes("broken")) throw new Error("no metrics");
        return "# TYPE a counter\na 1\n";
      },
      pages: { "/page": (_request, response) => void response.send("page") },
    });
  });
  afterEach(() => operator.stop());

  it("says that the process lives", async () => {
    const response = await fetch(url("/healthz"));
    expect([response.status, await response.json()]).to.deep.equal([200, { status: "ok" }]);
    expect(response.headers.get("cache-control")).to.equal("no-store");
    expect(response.headers.has("x-powered-by")).to.equal(false);
  });

  it("answers readiness with 200, or with 503 and the reasons", async () => {
    const ready = await fetch(url("/readyz"));
    expect([ready.status, await ready.json()]).to.deep.equal([200, { ready: true, reasons: [] }]);
    reasons = ["draining"];
    const draining = await fetch(url("/readyz"));
    expect([draining.status, await draining.json()]).to.deep.equal([503, { ready: false, reasons }]);
  });

  it("is ready with warnings", async () => {
    warnings = ["the origin of site a cannot be reached"];
    const ready = await fetch(url("/readyz"));
    expect([ready.status, await ready.json()]).to.deep.equal([200, { ready: true, reasons: [], warnings }]);
  });

  it("answers no name that another site may have made point here", async () => {
    for (const [host, status] of [
      ["evil.example", 421],
      [`evil.example:${operator.port}`, 421],
      ["edge-1.internal", 200],
      ["localhost", 200],
      ["192.0.2.7", 200],
    ] as const) {
      for (const path of ["/healthz", "/metrics", "/page"]) {
        const reply = await get(`http://127.0.0.1:${operator.port}`, path, { headers: { Host: host } });
        expect([host, path, reply.status]).to.deep.equal([host, path, status]);
        if (status === 421) expect(reply.text).to.match(/^Host: must be an address, .*: got "evil\.example/);
      }
    }
  });

  it("answers no page of another site", async () => {
    const own = `127.0.0.1:${operator.port}`;
    const asked = async (headers: Readonly<Record<string, string>>) =>
      (await get(`http://${own}`, "/page", { headers })).status;
    expect(await asked({ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" })).to.equal(403);
    expect(await asked({ Origin: "http://evil.example" })).to.equal(403);
    expect(await asked({ Origin: `http://${own}`, "Sec-Fetch-Site": "same-origin" })).to.equal(200);
  });

  it("has no more than 50 connections from one address, and no more than 100 in all", async () => {
    const from = (address: string, count: number) =>
      Promise.all(Array.from({ length: count }, () => connection(address)));
    const mute = await from("127.0.0.2", MOST_FROM_ONE_ADDRESS);
    await closed(await connection("127.0.0.2"));
    expect(await (await fetch(url("/page"))).text()).to.equal("page");
    // The connection of that answer is kept open and is one of them.
    mute.push(...(await from("127.0.0.3", MOST_OPERATOR_CONNECTIONS - MOST_FROM_ONE_ADDRESS - 1)));
    await closed(await connection("127.0.0.4"));
    for (const socket of mute) {
      expect(socket.destroyed).to.equal(false);
      socket.destroy();
    }
  });

  it("closes a connection that does not ask in time", async function () {
    this.timeout(15_000);
    const [mute, half] = [await connection(), await connection()];
    half.write("GET /healthz HTTP/1.1\r\nHost: loc");
    await Promise.all([mute, half].map(closed));
  });

  async function closed(socket: Socket): Promise<void> {
    if (!socket.closed) await once(socket.resume(), "close");
  }

  async function connection(localAddress = "127.0.0.1"): Promise<Socket> {
    const socket = connect({ port: operator.port, host: "127.0.0.1", localAddress }).on(
      "error",
      () => undefined,
    );
    await once(socket, "connect");
    return socket;
  }

  it("is not ready when the readiness check fails", async () => {
    reasons = ["broken"];
    const response = await fetch(url("/readyz"));
    expect([response.status, await response.json()]).to.deep.equal([
      503,
      { ready: false, reasons: ["readiness check failed; see the log"] },
    ]);
    expect(logged.join("")).to.contain("the origin cannot be asked");
  });

  it("gives metrics as Prometheus text, or 500 with the reason", async () => {
    const response = await fetch(url("/metrics"));
    expect(response.headers.get("content-type")).to.equal("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    expect(text).to.match(/^# TYPE a counter\na 1\n/);
    // What a program and its log have in common comes after its own.
    expect(text).to.match(
      /\n# TYPE edgecache_log_lines_dropped_total counter\nedgecache_log_lines_dropped_total \d+\n$/,
    );
    reasons = ["broken"];
    const broken = await fetch(url("/metrics"));
    expect([broken.status, await broken.text()]).to.deep.equal([500, "this page failed; the log says why\n"]);
    expect(logged.join("")).to.contain("no metrics");
  });

  it("has the program's own pages, and 404 for every other path or method", async () => {
    expect(await (await fetch(url("/page"))).text()).to.equal("page");
    const other = await fetch(url("/other"));
    expect([other.status, await other.text()]).to.deep.equal([
      404,
      "not found; there are: /healthz, /readyz, /metrics, /page\n",
    ]);
    expect((await fetch(url("/healthz"), { method: "POST" })).status).to.equal(404);
    expect((await fetch(url("/%zz"))).status).to.equal(404);
  });

  it("stops while a client keeps its connection open", async () => {
    await (await fetch(url("/healthz"))).text();
    await operator.stop();
    const refused = await fetch(url("/healthz")).then(
      () => "answered",
      () => "refused",
    );
    expect(refused).to.equal("refused");
  });
});
