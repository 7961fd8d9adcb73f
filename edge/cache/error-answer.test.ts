import { expect } from "chai";
import { pino } from "pino";
import { Failure } from "../../process/failure.ts";
import type { Served } from "./answer.ts";
import { errorAnswer, failureAnswer } from "./error-answer.ts";

/** A log whose lines are kept. */
function keptLog() {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { lines, edge: { id: "edge-1", log } };
}

function textOf({ content }: Served): string {
  return content.kind === "bytes" ? Buffer.concat(content.chunks).toString() : "";
}

describe("an error answer", () => {
  it("names the status, the reason and an id that stands in the log with the cause", () => {
    const { lines, edge } = keptLog();
    const cause = new Error("what only the log may tell");
    const served = errorAnswer(421, { fwd: "bypass", detail: "unknown-host" }, edge, cause);
    const id = /^421 Misdirected Request: unknown-host\nerror id: ([0-9a-f-]{36})\n$/.exec(
      textOf(served),
    )?.[1];
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ errorId: id, status: 421, cause: cause.message, level: 30 });
    expect(served.outcome).to.deep.equal({ kind: "error", fwd: "bypass", detail: "unknown-host" });
    expect(served.fields.get("Cache-Control")).to.equal("no-store");
    expect(served.fields.has("Proxy-Status")).to.equal(false);
  });

  it("says why the origin failed in the words of RFC 9209", () => {
    const { lines, edge } = keptLog();
    const failure = new Failure("http_response_timeout", "origin", "GET /a: no response within 10 s");
    const served = failureAnswer(failure, "uri-miss", edge);
    expect(served.status).to.equal(504);
    expect(served.fields.get("Proxy-Status")).to.equal("edge-1; error=http_response_timeout");
    expect(textOf(served)).to.not.contain("within 10 s");
    expect(lines[0]).to.include({ cause: failure.message, level: 40 });
  });

  it("is a 421 when a reload has taken the site away while its request was under way", () => {
    const { edge } = keptLog();
    const served = failureAnswer(new Failure("unknown-site", "edge", "no origin"), "uri-miss", edge);
    expect(served.status).to.equal(421);
    expect(textOf(served)).to.match(/^421 Misdirected Request: unknown-host\n/);
    expect(served.outcome).to.deep.equal({ kind: "error", fwd: "uri-miss", detail: "unknown-host" });
  });

  it("is a 500 that tells nothing when the edge itself failed", () => {
    for (const thrown of [
      new TypeError("x is undefined"),
      new Failure("not-own", "edge", "secret"),
      "text",
    ]) {
      const { edge } = keptLog();
      const served = failureAnswer(thrown, "request", edge);
      expect(served.status).to.equal(500);
      expect(served.fields.get("Proxy-Status")).to.equal("edge-1; error=proxy_internal_error");
      expect(textOf(served)).to.match(/^500 Internal Server Error: internal\nerror id: /);
    }
  });
});
