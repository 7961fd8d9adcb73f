import { expect } from "chai";
import type { PurgeReceipt, PurgeResponse } from "../proto/gen/edgecache/v1/edge.ts";
import { purgeDocument, purgeLines, whyNotProven } from "./purge-report.ts";
import type { Painter } from "./terminal.ts";

const plain: Painter = { paint: (_colour, text) => text };

function receipt(edge: string, state: string, ms: number, objects: number): PurgeReceipt {
  return { edge, state, ms, objects };
}

function response(outcome: string, edges: PurgeReceipt[], detail = ""): PurgeResponse {
  return { purgeId: "p-1", position: outcome === "unknown" ? "" : "1-5", outcome, edges, detail };
}

const applied = [receipt("edge-1", "applied", 1.26, 2), receipt("edge-2", "applied", 25.5, 1)];

describe("purgeLines", () => {
  it("is one receipt a line and the proof", () => {
    expect(purgeLines(plain, response("applied", applied), false)).to.equal(
      "edge-1  applied   1.3 ms  2 objects\nedge-2  applied  25.5 ms   1 object\n" +
        "purge p-1 at 1-5: applied on 2 of 2 edges\n",
    );
  });

  it("counts fenced edges apart, and claims no objects for them", () => {
    const lines = purgeLines(
      plain,
      response("applied", [...applied, receipt("edge-3", "fenced", 2100, 0)]),
      false,
    );
    expect(lines).to.contain("edge-3  fenced   2100.0 ms\n");
    expect(lines).to.contain("applied on 2 of 3 edges, 1 fenced\n");
  });

  it("says of a dry run that nothing was purged", () => {
    expect(purgeLines(plain, response("applied", [receipt("edge-1", "pending", 0, 7)]), true)).to.equal(
      "edge-1  would purge  7 objects\ndry run: nothing was purged\n",
    );
  });

  it("does not let a name from the fleet write to the terminal", () => {
    const lines = purgeLines(plain, response("applied", [receipt("e\u001b[2J\n", "applied", 1, 1)]), false);
    expect(lines).to.contain("e\\u{1b}[2J\\u{a}");
  });
});

describe("whyNotProven", () => {
  it("names the edges that are pending and how to ask again", () => {
    const edges = [...applied, receipt("edge-3", "pending", 5000, 0)];
    expect(whyNotProven(response("pending", edges))).to.equal(
      "purge not proven yet: pending on edge-3; safe to repeat with --purge-id p-1",
    );
  });

  it("gives the log's reason for a rejected purge", () => {
    expect(whyNotProven(response("rejected", [], "READONLY"))).to.equal(
      "purge rejected by the purge log, nothing was purged (READONLY): p-1",
    );
  });

  it("says of an unknown outcome that it may be repeated", () => {
    expect(whyNotProven(response("unknown", [], "no answer in time"))).to.equal(
      "purge outcome unknown (no answer in time); safe to repeat with --purge-id p-1",
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
