import { expect } from "chai";
import { persists } from "./persistence.ts";

describe("persists", () => {
  const cases: readonly (readonly [readonly string[], boolean, boolean])[] = [
    [[], true, false],
    [["Connection", "close"], false, false],
    [["connection", "CLOSE"], false, false],
    [["Connection", "Keep-Alive"], true, true],
    [["Connection", "keep-alive, close"], false, false],
    [["Connection", "keep-alive", "Connection", "x ,\tclose\t, y"], false, false],
    [["Connection", "x, keep-alive"], true, true],
    [["Connection", "closed"], true, false],
    [["Connection", "not-close"], true, false],
    [["Connection", "keep-alive-not"], true, false],
    [["Connection", ""], true, false],
    [["Keep-Alive", "timeout=5"], true, false],
  ];
  for (const [raw, in11, in10] of cases) {
    it(`keeps a connection after ${JSON.stringify(raw)}: ${in11} in HTTP/1.1, ${in10} in HTTP/1.0`, () => {
      expect(persists("1.1", raw)).to.equal(in11);
      expect(persists("1.0", raw)).to.equal(in10);
    });
  }
});
