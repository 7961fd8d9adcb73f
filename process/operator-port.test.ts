import { expect } from "chai";
import { type OperatorPort, startOperatorPort } from "./operator-port.ts";

describe("the operator port", () => {
  let reasons: readonly string[];
  let operator: OperatorPort;
  const url = (path: string) => `http://127.0.0.1:${operator.port}${path}`;

  beforeEach(async () => {
    reasons = [];
    operator = await startOperatorPort({
      host: "127.0.0.1",
      port: 0,
      trouble: (cause) => {
        throw cause;
      },
      ready: async () => {
        if (reasons.includes("broken")) throw new Error("the origin cannot be asked");
        return { ready: reasons.length === 0, reasons };
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

  it("is not ready when readiness cannot be told", async () => {
    reasons = ["broken"];
    const response = await fetch(url("/readyz"));
    expect([response.status, await response.json()]).to.deep.equal([
      503,
      { ready: false, reasons: ["the origin cannot be asked"] },
    ]);
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
    expect([broken.status, await broken.text()]).to.deep.equal([500, "no metrics\n"]);
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
