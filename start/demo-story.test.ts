import { expect } from "chai";
import type { DemoAnswer } from "./demo-answer.ts";
import { type DemoStage, measuredEdges } from "./demo-stage.ts";
import { fieldLines, playStory } from "./demo-story.ts";

/** A stage on which everything happens as told, but for what `change` says. The real one is played in demo.test.ts. */
function stage(change: Partial<DemoStage> = {}): DemoStage {
  const told = [
    answered("edge-1", "MISS"),
    answered("edge-1", "HIT"),
    answered("edge-1", "MISS"),
    answered("edge-2", "MISS"),
  ];
  return {
    front: "http://127.0.0.1:8080",
    control: "127.0.0.1:50051",
    fetch: async () => told.shift() ?? answered("edge-2", "HIT"),
    adminCli: async () => ({ output: "purge x at 1-1: applied on 3 of 3 edges\n", code: 0 }),
    nearestFirst: async () => ["edge-1", "edge-2", "edge-3"],
    settledOn: async () => undefined,
    stopEdge: async () => undefined,
    ...change,
  };
}

function answered(edge: string, outcome: "HIT" | "MISS"): DemoAnswer {
  const fields: Record<string, string> = {
    "x-served-by": edge,
    "x-cache": outcome,
    "cache-status": `${edge}; ${outcome === "HIT" ? "hit" : "fwd=uri-miss"}`,
  };
  return { status: 200, field: (name) => fields[name.toLowerCase()] };
}

async function failureOf(played: DemoStage): Promise<unknown> {
  try {
    await playStory(played, () => undefined);
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

describe("playStory", () => {
  it("ends when every step was as told", async () => {
    expect(await failureOf(stage())).to.equal(undefined);
  });

  it("names the step whose answer is not as told", async () => {
    const failure = await failureOf(stage({ fetch: async () => answered("edge-1", "MISS") }));
    expect(failure)
      .to.have.property("message")
      .that.matches(/^The same again: .*: X-Cache must be HIT: MISS$/);
  });

  it("stops the nearest edge, and wants the next nearest after it", async () => {
    const stopped: string[] = [];
    await playStory(stage({ stopEdge: async (id) => void stopped.push(id) }), () => undefined);
    expect(stopped).to.deep.equal(["edge-1"]);
    const failure = await failureOf(stage({ nearestFirst: async () => ["edge-1", "edge-3", "edge-2"] }));
    expect(failure).to.have.property("message").that.contains("X-Served-By must be edge-3: edge-2");
  });

  it("does not believe a purge without the exit code and the receipts of all three", async () => {
    const unproven = { output: "purge x at 1-1: applied on 3 of 3 edges\n", code: 1 };
    expect(await failureOf(stage({ adminCli: async () => unproven })))
      .to.have.property("message")
      .that.contains("exit");
    const two = { output: "purge x at 1-1: applied on 2 of 3 edges, 1 fenced\n", code: 0 };
    expect(await failureOf(stage({ adminCli: async () => two })))
      .to.have.property("message")
      .that.contains("3 of 3");
  });
});

describe("fieldLines", () => {
  it("shows the fields of the story that came, in their order, and no others", () => {
    expect(fieldLines(answered("edge-1", "HIT"))).to.match(
      /^ {2}HTTP 200\n {2}X-Served-By: edge-1\n {2}X-Cache: .*HIT.*\n {2}Cache-Status: edge-1; hit\n$/,
    );
  });
});

describe("measuredEdges", () => {
  it("takes the serving edges that have a round-trip time, nearest first", () => {
    expect(
      measuredEdges([
        { edge: "far", state: "serving", rttMs: 60, share: 0 },
        { edge: "near", state: "serving", rttMs: 5, share: 0 },
        { edge: "ill", state: "lapsed", rttMs: 1, share: 0 },
        { edge: "new", state: "serving", rttMs: null, share: 0 },
        { edge: null, state: "unreachable", rttMs: null, share: 0 },
      ]),
    ).to.deep.equal(["near", "far"]);
  });
});
