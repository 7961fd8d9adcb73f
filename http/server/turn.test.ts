import { Socket } from "node:net";
import { expect } from "chai";
import { Gate } from "../../test/rig/gate.ts";
import { Turn, Turns } from "./turn.ts";

let pauses = 0;
const socket = new Socket();
socket.pause = () => {
  pauses += 1;
  return socket;
};

describe("the turn of a connection", () => {
  beforeEach(() => {
    pauses = 0;
  });

  it("has sixteen requests, then the next turn comes", async () => {
    const next = new Gate();
    const turn = new Turn(new Turns(), socket, () => next.open());
    for (let request = 0; request < 16; request += 1) expect(turn.takes()).to.equal(true);
    expect([turn.waits, turn.takes(), turn.waits]).to.deep.equal([false, false, true]);
    expect(pauses).to.equal(1);
    await next.passed;
    expect([turn.waits, turn.takes()]).to.deep.equal([false, true]);
  });

  it("ends at 256 KiB of answers", () => {
    const turn = new Turn(new Turns(), socket, () => undefined);
    turn.gave(256 * 1024 - 1);
    expect(turn.takes()).to.equal(true);
    turn.gave(1);
    expect(turn.takes()).to.equal(false);
  });

  it("begins anew with what the client sends, unless it waits", () => {
    const turn = new Turn(new Turns(), socket, () => undefined);
    for (let request = 0; request < 16; request += 1) turn.takes();
    turn.begin();
    expect(turn.takes()).to.equal(true);
    turn.gave(256 * 1024);
    expect(turn.takes()).to.equal(false);
    turn.begin();
    expect(turn.takes()).to.equal(false);
  });

  for (const [waiting, most] of [
    [0, 16],
    [64, 16],
    [65, 15],
    [300, 3],
    [1_024, 1],
    [4_000, 1],
  ] as const) {
    it(`has ${most} requests when ${waiting} connections wait`, () => {
      const turns = new Turns();
      turns.waiting = waiting;
      expect(turns.most).to.equal(most);
    });
  }
});
