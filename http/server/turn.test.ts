import { Socket } from "node:net";
import { expect } from "chai";
import { Gate } from "../../test/rig/gate.ts";
import { Turn } from "./turn.ts";

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
    const turn = new Turn(socket, () => next.open());
    for (let request = 0; request < 16; request += 1) expect(turn.takes()).to.equal(true);
    expect([turn.waits, turn.takes(), turn.waits]).to.deep.equal([false, false, true]);
    expect(pauses).to.equal(1);
    await next.passed;
    expect([turn.waits, turn.takes()]).to.deep.equal([false, true]);
  });

  it("ends at 256 KiB of answers", () => {
    const turn = new Turn(socket, () => undefined);
    turn.gave(256 * 1024 - 1);
    expect(turn.takes()).to.equal(true);
    turn.gave(1);
    expect(turn.takes()).to.equal(false);
  });

  it("begins anew with what the client sends, unless it waits", () => {
    const turn = new Turn(socket, () => undefined);
    for (let request = 0; request < 16; request += 1) turn.takes();
    turn.begin();
    expect(turn.takes()).to.equal(true);
    turn.gave(256 * 1024);
    expect(turn.takes()).to.equal(false);
    turn.begin();
    expect(turn.takes()).to.equal(false);
  });
});
