import { expect } from "chai";
import { clientTables, countedTogether } from "./client-tables.ts";
import { admission, type ConnectionLimits, Connections, type OpenConnection } from "./connections.ts";
import type { ClientProtocol } from "./server-load.ts";

const LIMITS = { connections: 1_000, clientConnections: 400 };

describe("a new connection", () => {
  for (const [what, open, own, ofProxy, expected] of [
    ["is taken while there is room", 899, 399, false, "take"],
    ["is refused when its client has as many as it may have", 899, 400, false, "refuse"],
    ["of a trusted proxy has no such limit", 899, 400, true, "take"],
    ["needs room in the last tenth when its client has many", 900, 10, false, "make-room"],
    ["is taken in the last tenth when its client has few", 900, 9, false, "take"],
    ["is taken in the last tenth when it is of a trusted proxy", 900, 400, true, "take"],
    ["needs room when all are open, whoever it is of", 1_000, 0, false, "make-room"],
    ["needs room when all are open, of a trusted proxy too", 1_000, 0, true, "make-room"],
  ] as const) {
    it(what, () => {
      expect(admission({ open, own, ofProxy }, LIMITS)).to.equal(expected);
    });
  }
});

describe("the connections of a server", () => {
  class Fake implements OpenConnection {
    readonly peer: OpenConnection["peer"];
    receives = false;
    place: OpenConnection["place"];
    destroyed = false;
    readonly protocol: ClientProtocol;

    constructor(client: string, trusted = false, protocol: ClientProtocol = "none") {
      this.peer = { client, trusted };
      this.protocol = protocol;
    }

    checkTime(): void {
      // Its time is never up.
    }

    stop(): void {
      // Nothing is under way.
    }

    destroy(): void {
      this.destroyed = true;
    }
  }

  /** So many of one client, each with a request under way. */
  function busy(connections: Connections, client: string, count: number, receives: boolean): Fake[] {
    return Array.from({ length: count }, () => {
      const connection = new Fake(client);
      connections.add(connection);
      connections.busy(connection);
      connection.receives = receives;
      return connection;
    });
  }

  it("are counted by protocol while they are open, and not when they were refused", () => {
    const connections = new Connections({ connections: 10, clientConnections: 2 });
    const [one, two] = [new Fake("a", false, "HTTP/1.1"), new Fake("a", false, "HTTP/2")];
    for (const connection of [one, two, new Fake("a", false, "HTTP/2"), new Fake("b")])
      connections.add(connection);
    expect(connections.open).to.deep.equal({ "HTTP/1.1": 1, "HTTP/2": 1, none: 1 });
    for (const connection of [two, two]) connections.delete(connection);
    expect(connections.open).to.deep.equal({ "HTTP/1.1": 1, "HTTP/2": 0, none: 1 });
  });

  it("give up one whose body is still arriving, of the client that has the most, for a client that has less", () => {
    const refused: string[] = [];
    const connections = new Connections({ connections: 10, clientConnections: 9 }, (client) =>
      refused.push(client),
    );
    const large = busy(connections, "large", 6, true);
    const small = busy(connections, "small", 4, true);
    const fresh = new Fake("fresh");
    connections.add(fresh);
    expect(fresh.destroyed).to.equal(false);
    expect([...large, ...small].filter(({ destroyed }) => destroyed)).to.deep.equal([large[0]]);
    expect(refused).to.deep.equal(["large"]);
  });

  it("give none up for the client that has the most, nor one whose request has arrived whole", () => {
    const connections = new Connections({ connections: 10, clientConnections: 20 });
    const whole = busy(connections, "large", 9, false);
    const small = busy(connections, "small", 1, true);
    const [fresh, more] = [new Fake("fresh"), new Fake("large")];
    connections.add(fresh);
    for (const connection of whole) connection.receives = true;
    connections.add(more);
    expect([fresh.destroyed, more.destroyed]).to.deep.equal([true, true]);
    expect([...whole, ...small].some(({ destroyed }) => destroyed)).to.equal(false);
  });

  it("give up those on which nothing is under way first", () => {
    const connections = new Connections({ connections: 3, clientConnections: 3 });
    const [answered, receiving, silent] = [new Fake("a"), new Fake("a"), new Fake("a")];
    for (const connection of [answered, receiving, silent]) connections.add(connection);
    connections.busy(answered);
    connections.idle(answered);
    connections.busy(receiving);
    receiving.receives = true;
    for (const [leaves, client] of [
      [silent, "b"],
      [answered, "c"],
    ] as const) {
      const fresh = new Fake(client);
      connections.add(fresh);
      connections.busy(fresh);
      expect([leaves.destroyed, fresh.destroyed]).to.deep.equal([true, false]);
    }
    expect(receiving.destroyed).to.equal(false);
  });

  it("give up the one that has been idle for longest, of those that were answered at once too", () => {
    const connections = new Connections({ connections: 3, clientConnections: 3 });
    const [a, b, gone] = [new Fake("a"), new Fake("a"), new Fake("a")];
    for (const connection of [a, b, gone]) {
      connections.add(connection);
      connections.answered(connection);
    }
    connections.answered(a);
    connections.delete(gone);
    // It has closed meanwhile.
    connections.answered(gone);
    const fresh = [new Fake("b"), new Fake("b"), new Fake("c")];
    for (const connection of fresh) {
      connections.add(connection);
      connections.busy(connection);
    }
    expect([b.destroyed, a.destroyed, gone.destroyed]).to.deep.equal([true, true, false]);
    expect(fresh.map(({ destroyed }) => destroyed)).to.deep.equal([false, false, false]);
  });

  it("count what has ended no more", () => {
    const connections = new Connections({ connections: 10, clientConnections: 1 });
    const [first, second, third] = [new Fake("a"), new Fake("a"), new Fake("a")];
    connections.add(first);
    connections.add(second);
    connections.delete(first);
    connections.add(third);
    expect([first.destroyed, second.destroyed, third.destroyed]).to.deep.equal([false, true, false]);
  });

  describe("of several threads", () => {
    function threads(limits: ConnectionLimits, refused: string[] = []): readonly [Connections, Connections] {
      const tables = clientTables(2);
      const at = (thread: number) =>
        new Connections(
          limits,
          (client) => refused.push(client),
          countedTogether(tables, thread).connections,
        );
      return [at(0), at(1)];
    }

    it("are bounded together for one client", () => {
      const refused: string[] = [];
      const [one, other] = threads({ connections: 1_000, clientConnections: 3 }, refused);
      const taken = [...busy(one, "a", 2, false), ...busy(other, "a", 1, false)];
      const [more] = busy(other, "a", 1, false);
      busy(one, "b", 3, false);
      expect(more?.destroyed).to.equal(true);
      expect(refused).to.deep.equal(["a"]);
      const [gone] = taken;
      if (gone !== undefined) one.delete(gone);
      const [next] = busy(other, "a", 1, false);
      expect(next?.destroyed).to.equal(false);
    });

    it("are bounded together in all, and may all be at one thread", () => {
      const [one, other] = threads({ connections: 10, clientConnections: 20 });
      const taken = Array.from({ length: 10 }, (_, n) => busy(one, `client ${n}`, 1, false)).flat();
      const [more] = busy(other, "fresh", 1, false);
      expect(taken.some(({ destroyed }) => destroyed)).to.equal(false);
      expect(more?.destroyed).to.equal(true);
    });

    it("give up one that is not in use for each that another thread had no room for", () => {
      const [one, other] = threads({ connections: 10, clientConnections: 20 });
      const unused = Array.from({ length: 10 }, (_, n) => new Fake(`client ${n}`));
      for (const connection of unused) one.add(connection);
      for (const client of ["a", "b"]) busy(other, client, 1, false);
      one.checkTimes(0);
      one.checkTimes(1);
      expect(unused.filter(({ destroyed }) => destroyed)).to.deep.equal(unused.slice(0, 2));
      const [taken] = busy(other, "a", 1, false);
      expect(taken?.destroyed).to.equal(false);
    });
  });
});
