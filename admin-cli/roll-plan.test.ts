import { expect } from "chai";
import { type RollEdge, turnOf } from "./roll-plan.ts";

const COMMAND = ["ssh", "{host}", "systemctl restart edge@{edge}"];

function edge(name: string, more: Partial<RollEdge> = {}): RollEdge {
  return { edge: name, httpAddress: "10.0.0.5:80", state: "serving", version: "1.0.0", ...more };
}

function turn(of: RollEdge, others: readonly RollEdge[] = [edge("edge-2")], to?: string) {
  return turnOf(of, [of, ...others], { command: COMMAND, to });
}

describe("the turn of an edge in a roll", () => {
  it("restarts it by the command with its own names", () => {
    expect(turn(edge("edge-1"))).to.deep.equal({
      kind: "restart",
      command: ["ssh", "10.0.0.5", "systemctl restart edge@edge-1"],
    });
  });

  it("passes over one that runs the wanted version already, and no other", () => {
    expect(turn(edge("edge-1", { version: "2.0.0" }), [edge("edge-2")], "2.0.0").kind).to.equal("skip");
    expect(turn(edge("edge-1"), [edge("edge-2")], "2.0.0").kind).to.equal("restart");
  });

  it("stops while another edge does not serve", () => {
    expect(turn(edge("edge-1"), [edge("edge-2", { state: "lapsed" })])).to.deep.equal({
      kind: "stop",
      why: "edge-2 is lapsed: while it does not serve, no other edge is restarted",
    });
  });

  it("restarts one that does not serve itself: that may be why", () => {
    const away = edge("edge-1", { state: "unreachable", version: "" });
    expect(turn(away, [edge("edge-2")], "2.0.0").kind).to.equal("restart");
  });

  it("puts no name into a command that a shell might read", () => {
    for (const name of ["a;b", "$(x)", "a b", ""]) expect(turn(edge(name)).kind, name).to.equal("stop");
    expect(turn(edge("edge-1", { httpAddress: "nonsense" })).kind).to.equal("stop");
  });
});
