import { EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { createLog } from "../../process/log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { ControlPort, type ControlPortLimits } from "./control-port.ts";

describe("the control port", () => {
  const clock = new ManualClock();
  let port: ControlPort;
  let bound = 0;
  let clients: Socket[] = [];
  /** Connections handed on, and an event for each. */
  let taken: Socket[] = [];
  const handedOn = new EventEmitter();

  async function open(limits: ControlPortLimits): Promise<void> {
    taken = [];
    port = new ControlPort({ clock, log: createLog("test", "silent") }, take, limits);
    bound = await port.open("127.0.0.1", 0, "test port");
  }

  function take(socket: Socket): void {
    taken.push(socket.resume());
    handedOn.emit("taken");
  }

  /** Whether the port keeps a new connection, to which it is sent a byte. */
  async function keeps(from = "127.0.0.1"): Promise<boolean> {
    const before = taken.length;
    const client = connect({ port: bound, host: "127.0.0.1", localAddress: from });
    clients.push(client);
    client.on("error", () => undefined).resume();
    await once(client, "connect");
    client.write("P");
    const socket = taken[before];
    if (socket !== undefined) return true;
    return await Promise.race([once(client, "close").then(() => false), takenAfter(before).then(() => true)]);
  }

  async function takenAfter(count: number): Promise<void> {
    while (taken.length <= count) await new Promise((resolve) => setImmediate(resolve));
  }

  afterEach(async () => {
    for (const client of clients) client.destroy();
    clients = [];
    port.cut();
    await port.close();
  });

  it("takes as many connections as its limit says, and one more when one has ended", async () => {
    await open({ connections: 2, perAddress: 9, silentMs: 10_000 });
    expect([await keeps(), await keeps(), await keeps()]).to.deep.equal([true, true, false]);
    const [first] = taken;
    clients[0]?.destroy();
    if (first !== undefined && !first.destroyed) await once(first, "close");
    expect(await keeps()).to.equal(true);
  });

  it("takes no more from one address than its share, and others from other addresses", async () => {
    await open({ connections: 9, perAddress: 1, silentMs: 10_000 });
    expect([await keeps(), await keeps(), await keeps("127.0.0.2")]).to.deep.equal([true, false, true]);
  });

  it("closes a connection on which nothing comes, and none that has said something", async () => {
    await open({ connections: 9, perAddress: 9, silentMs: 10_000 });
    expect(await keeps()).to.equal(true);
    const spoke = taken[0];
    const mute = connect(bound, "127.0.0.1");
    clients.push(mute);
    await once(handedOn, "taken");
    spoke?.resume();
    if (spoke?.bytesRead === 0) await once(spoke, "data");
    await clock.advance(9_999);
    expect(mute.destroyed).to.equal(false);
    await clock.advance(2);
    await once(mute, "close");
    expect(spoke?.destroyed).to.equal(false);
  });
});
