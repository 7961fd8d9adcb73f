import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { until } from "../../test/rig/until.ts";
import { isProgress, ReaderProgress } from "./reader-progress.ts";
import { endsKey, readSendQueues } from "./send-queues.ts";
import { Timeouts } from "./timeouts.ts";

const LIMITS = {
  answererMs: 1,
  tunnelMs: 60_000,
  answerMs: 1,
  readerMs: 30_000,
  senderMs: 1,
  bodyTimeout: 1,
  bodyRate: 1,
};

// More than two systems hold for a connection between them.
const ANSWER = Buffer.alloc(32 * 2 ** 20);

describe("the progress of a slow client", () => {
  let clock: ManualClock;
  let looks: number;
  let ended: number;
  let progress: ReaderProgress;
  let timeouts: Timeouts;
  let server: ReturnType<typeof createServer>;
  let client: Socket;
  let socket: Socket;

  const queued = async (): Promise<number> => {
    const key = endsKey(socket) ?? "";
    return (await readSendQueues(new Set([key]), clock)).get(key) ?? 0;
  };

  /** As the server does each second. Resolves when no look is under way. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      clock.advance(1_000);
      const before = looks;
      progress.watch(socket, timeouts, clock.monotonic());
      await turn();
      if (looks > before) await until("the look is over", () => ended === looks);
    }
  };
  /** The two ends of a connection answer one another for some time, after which nothing moves. */
  const settled = async (): Promise<void> => {
    let last = 0;
    let same = 0;
    await until("nothing moves", async () => {
      const now = await queued();
      same = now > 0 && now === last ? same + 1 : 0;
      last = now;
      return same === 8;
    });
  };

  const reads = async (bytes: number): Promise<void> => {
    const full = await queued();
    let read = 0;
    client.on("data", (chunk: Buffer) => {
      read += chunk.length;
      if (read >= bytes) client.pause();
    });
    client.resume();
    await until("the client has read", () => read >= bytes);
    client.removeAllListeners("data");
    await until("the system knows", async () => (await queued()) !== full);
    await settled();
  };

  const isCut = (): boolean => timeouts.overdue(clock.monotonic()) === "reader";

  beforeEach(async () => {
    clock = new ManualClock();
    looks = 0;
    ended = 0;
    progress = new ReaderProgress(clock, async (...asked) => {
      looks += 1;
      const queues = await readSendQueues(...asked);
      // What is done with them is done in this turn.
      setImmediate(() => {
        ended += 1;
      });
      return queues;
    });
    timeouts = new Timeouts(LIMITS);
    const accepted = Promise.withResolvers<Socket>();
    server = createServer(accepted.resolve);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    client.pause();
    socket = await accepted.promise;
    socket.write(ANSWER);
    await settled();
    timeouts.waitFor("reader", clock.monotonic());
  });

  afterEach(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });

  it("is seen though the write under way has not left, and the client gets its whole time again", async () => {
    await pass(15_000);
    await reads(256 * 1024);
    expect(socket.writableLength).to.be.above(0);
    await pass(25_000);
    expect(isCut()).to.equal(false);
    // What it has read makes room for more, which the system may send some time later.
    await until("it is cut", isCut, () => pass(1_000));
  });

  it("is none when the client takes nothing", async () => {
    await pass(30_000);
    expect(isCut()).to.equal(false);
    await pass(1_000);
    expect(isCut()).to.equal(true);
  });

  it("is looked for after 10 s, each 5 s", async () => {
    await pass(9_000);
    expect(looks).to.equal(0);
    await pass(1_000);
    expect(looks).to.equal(1);
    await pass(4_000);
    expect(looks).to.equal(1);
    await pass(1_000);
    expect(looks).to.equal(2);
  });

  it("is 32 KiB at the least", () => {
    expect([isProgress(100_000, 67_232), isProgress(100_000, 132_768)]).to.deep.equal([true, true]);
    expect([isProgress(100_000, 67_233), isProgress(100_000, 132_767)]).to.deep.equal([false, false]);
  });
});
