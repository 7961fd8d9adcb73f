import { expect } from "chai";
import type { PurgeReceipt, PurgeResponse } from "../../../proto/gen/edgecache/v1/edge.ts";
import { dryRunDocument, purgeDocument } from "../../../proto/json/purge-document.ts";
import type { Painter } from "../../terminal.ts";
import { dryRunLines, purgeLines, whyNotProven } from "./purge-report.ts";

const plain: Painter = { paint: (_colour, text) => text };

function receipt(edge: string, state: string, ms: number, objects: number): PurgeReceipt {
  return { edge, state, ms, objects, bytes: objects * 100, differs: false };
}

function response(outcome: string, edges: PurgeReceipt[], detail = ""): PurgeResponse {
  return { purgeId: "p-1", position: outcome === "unknown" ? "" : "1-5", outcome, edges, detail };
}

const applied = [receipt("edge-1", "applied", 1.26, 2), receipt("edge-2", "applied", 25.5, 1)];

describe("a receipt of an edge that is configured with other sites", () => {
  it("says so, and the others stay as they are", () => {
    const [first, second] = applied;
    if (first === undefined || second === undefined) throw new Error("there are two");
    const answer = response("applied", [first, { ...second, differs: true }]);
    expect(purgeLines(plain, answer)).to.equal(
      "edge-1  applied   1.3 ms  2 objects\n" +
        "edge-2  applied  25.5 ms   1 object  differs: configured with other sites\n" +
        "purge p-1 at 1-5: applied on 2 of 2 edges\n",
    );
    expect(purgeDocument(answer).edges).to.deep.equal([
      { edge: "edge-1", state: "applied", ms: 1.26, objects: 2 },
      { edge: "edge-2", state: "applied", ms: 25.5, objects: 1, differs: true },
    ]);
  });
});

describe("purgeLines", () => {
  it("is one receipt a line and the proof", () => {
    expect(purgeLines(plain, response("applied", applied))).to.equal(
      "edge-1  applied   1.3 ms  2 objects\nedge-2  applied  25.5 ms   1 object\n" +
        "purge p-1 at 1-5: applied on 2 of 2 edges\n",
    );
  });

  it("counts fenced edges apart, and claims no objects for them", () => {
    const lines = purgeLines(plain, response("applied", [...applied, receipt("edge-3", "fenced", 2100, 0)]));
    expect(lines).to.contain("edge-3  fenced   2100.0 ms\n");
    expect(lines).to.contain("applied on 2 of 3 edges, 1 fenced\n");
  });

  it("does not let a name from the fleet write to the terminal", () => {
    const lines = purgeLines(plain, response("applied", [receipt("e\u001b[2J\n", "applied", 1, 1)]));
    expect(lines).to.contain("e\\u{1b}[2J\\u{a}");
  });
});

describe("a dry run", () => {
  const forecast = response("pending", [
    receipt("edge-1", "pending", 0, 7),
    receipt("edge-2", "pending", 0, 1),
    receipt("edge-3", "unreachable", 0, 0),
  ]);

  it("is a line for each edge and the sum, and says that nothing was purged", () => {
    expect(dryRunLines(plain, forecast)).to.equal(
      "edge-1  would purge  7 objects  700 bytes\nedge-2  would purge   1 object  100 bytes\n" +
        "edge-3  unreachable\ndry run: nothing was purged of 8 objects, 800 bytes\n",
    );
  });

  it("has the contract's fields and bytes", () => {
    expect(dryRunDocument(forecast).edges[0]).to.deep.equal({
      edge: "edge-1",
      state: "pending",
      ms: 0,
      objects: 7,
      bytes: 700,
    });
  });
});

describe("whyNotProven", () => {
  const one = { done: 1, all: 1 };

  it("names the edges that are pending and how to ask again", () => {
    const edges = [...applied, receipt("edge-3", "pending", 5000, 0)];
    expect(whyNotProven(response("pending", edges), one)).to.equal(
      "purge not proven yet: pending on edge-3; safe to repeat with --purge-id p-1",
    );
  });

  it("gives the log's reason for a rejected purge", () => {
    expect(whyNotProven(response("rejected", [], "READONLY"), one)).to.equal(
      "purge rejected by the purge log, nothing was purged (READONLY): p-1",
    );
  });

  it("says of an unknown outcome that it may be repeated", () => {
    expect(whyNotProven(response("unknown", [], "no answer in time"), one)).to.equal(
      "purge outcome unknown (no answer in time); safe to repeat with --purge-id p-1",
    );
  });
});

describe("whyNotProven of a purge in several calls", () => {
  const third = { done: 3, all: 10 };

  it("names the call at which it ended, and does not claim that nothing was purged", () => {
    expect(whyNotProven(response("rejected", [], "OOM"), third)).to.equal(
      "purge rejected by the purge log at call 3 of 10 (OOM); safe to repeat with --purge-id p-1",
    );
    expect(whyNotProven(response("unknown", []), third)).to.equal(
      "purge outcome unknown at call 3 of 10; safe to repeat with --purge-id p-1",
    );
  });
});

describe("purgeDocument", () => {
  it("has exactly the contract's fields", () => {
    expect(JSON.stringify(purgeDocument(response("applied", applied.slice(0, 1), "not shown")))).to.equal(
      '{"purgeId":"p-1","position":"1-5","outcome":"applied","edges":[{"edge":"edge-1","state":"applied","ms":1.26,"objects":2}]}',
    );
  });
});
