import { expect } from "chai";
import type { Place } from "../../process/roster.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { bytesContent } from "../cache/answer.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import { type Sending, SlowClients } from "./slow-clients.ts";

const MIB = 2 ** 20;

describe("slow clients", () => {
  let held: StoredResponse[];
  let cut: string[];
  let clients: SlowClients;

  beforeEach(() => {
    held = [];
    cut = [];
    clients = new SlowClients({ sharesBody: (stored) => held.includes(stored) });
  });

  /** A client of a response of 8 MiB that has taken nothing since then. */
  function client(
    name: string,
    readerSince: number | undefined,
    stored = large(),
    sentAhead = 0,
    untaken = 0,
  ): Place<Sending> {
    const exchange = { timeouts: { readerSince }, sentAhead, untaken, dropClient: () => cut.push(name) };
    const sending = { exchange, served: { stored, content: bytesContent(stored.chunks) } };
    return clients.add(sending);
  }

  function large(): StoredResponse {
    return storedResponse("/a", { chunks: [new Uint8Array(1)], bodyLength: 8 * MIB });
  }

  it("hold what they have not taken, unless the store has it anyway", () => {
    const stored = large();
    held.push(stored);
    client("of what is stored", 0, stored, 5);
    expect(clients.heldBytes).to.equal(5);
    const place = client("of another version", undefined);
    expect(clients.heldBytes).to.equal(5 + 8 * MIB);
    place.leave();
    expect(clients.heldBytes).to.equal(5);
  });

  it("are cut, the slowest first, until enough is free", () => {
    client("second", 20);
    client("third", 30);
    client("first", 10);
    expect(clients.leaveBehind({ bytes: 9 * MIB, patienceMs: 1_000 }, 2_000)).to.equal(2);
    expect(cut).to.deep.equal(["first", "second"]);
  });

  it("are spared while they take something in time", () => {
    client("in time", 1_001);
    client("not waited for", undefined);
    client("too slow", 1_000);
    clients.leaveBehind({ bytes: 99 * MIB, patienceMs: 1_000 }, 2_000);
    expect(cut).to.deep.equal(["too slow"]);
  });

  it("are spared when the store still has what they read: cutting them would free nothing", () => {
    const stored = large();
    held.push(stored);
    client("of what is stored", 0, stored);
    client("of another version", 0);
    clients.leaveBehind({ bytes: 99 * MIB, patienceMs: 0 }, 2_000);
    expect(cut).to.deep.equal(["of another version"]);
  });

  it("are cut for what they have sent ahead, too", () => {
    const stored = large();
    held.push(stored);
    client("of what is stored", 0, stored, 1);
    clients.leaveBehind({ bytes: 1, patienceMs: 0 }, 2_000);
    expect(cut).to.deep.equal(["of what is stored"]);
  });

  it("are cut for copies that their sockets hold, and not for content that the store has anyway", () => {
    const small = storedResponse("/s", { chunks: [new Uint8Array(9)], bodyLength: 9 });
    const whole = storedResponse("/w", { chunks: [new Uint8Array(MIB)], bodyLength: MIB });
    held.push(small, whole);
    client("of a large one", 0, whole, 0, MIB);
    client("of many small ones", 1, small, 0, 9);
    client("of more of them", 2, small, 0, 9);
    clients.leaveBehind({ bytes: 64 * 1024, patienceMs: 0 }, 2_000);
    expect(cut).to.deep.equal(["of many small ones"]);
  });

  it("are forgotten when their answer is over", () => {
    client("gone", 0).leave();
    expect(clients.leaveBehind({ bytes: MIB, patienceMs: 0 }, 2_000)).to.equal(0);
  });
});
