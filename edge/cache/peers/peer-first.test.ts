import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Fields } from "../../../http/message/fields.ts";
import { ManualClock } from "../../../test/rig/manual-clock.ts";
import { GiveUp, type GiveUpSignal } from "../../origin/give-up.ts";
import { type OriginResponse, plainBody } from "../../origin/origin.ts";
import { MOST_WAIT_MS, type PeerAnswer, peerFirst } from "./peer-first.ts";

const DELAY_MS = 80;

const response = (status: number): OriginResponse => ({ status, fields: Fields.none, body: plainBody() });
const FROM_PEER: PeerAnswer = { kind: "answer", response: response(200) };

describe("an edge that is asked before the origin", () => {
  let clock: ManualClock;
  let peer: PromiseWithResolvers<PeerAnswer>;
  let origin: PromiseWithResolvers<OriginResponse>;
  let signals: Record<"peer" | "origin", GiveUpSignal | undefined>;
  let signed: () => void;
  let passed: string[];
  let signal: GiveUp;

  beforeEach(() => {
    clock = new ManualClock();
    peer = Promise.withResolvers();
    origin = Promise.withResolvers();
    signals = { peer: undefined, origin: undefined };
    passed = [];
    signal = new GiveUp();
  });

  /** So much time, with all that it wakes. */
  const passes = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await turn();
  };
  const begin = () =>
    peerFirst({
      peer: (at, sign) => {
        signals.peer = at;
        signed = sign;
        return peer.promise;
      },
      origin: (at) => {
        signals.origin = at;
        return origin.promise;
      },
      delayMs: DELAY_MS,
      passedOver: (why) => passed.push(why),
      signal,
      clock,
    });

  it("saves the origin the request when it answers", async () => {
    const first = begin();
    peer.resolve(FROM_PEER);
    expect((await first).from).to.equal("peer");
    expect(signals.origin).to.equal(undefined);
    expect(passed).to.deep.equal([]);
  });

  it("is passed over when it has nothing to use", async () => {
    const first = begin();
    peer.resolve({ kind: "passed-over", why: "behind" });
    origin.resolve(response(200));
    expect((await first).from).to.equal("origin");
    expect(passed).to.deep.equal(["behind"]);
  });

  it("has the origin asked beside it when it is silent for too long, and is given up when that answers first", async () => {
    const first = begin();
    await passes(DELAY_MS - 1);
    expect(signals.origin).to.equal(undefined);
    await passes(1);
    expect(signals.origin).not.to.equal(undefined);
    origin.resolve(response(200));
    expect((await first).from).to.equal("origin");
    expect(signals.peer?.aborted).to.equal(true);
    expect(passed).to.deep.equal(["slow"]);
  });

  it("still wins when it is the first then, or the origin fails", async () => {
    const first = begin();
    await passes(DELAY_MS);
    origin.reject(new Error("the origin is away"));
    peer.resolve(FROM_PEER);
    expect((await first).from).to.equal("peer");
  });

  it("is waited for longer once it has given a sign, and no longer than that", async () => {
    void begin();
    await passes(DELAY_MS - 1);
    signed();
    await passes(MOST_WAIT_MS - 1);
    expect(signals.origin).to.equal(undefined);
    await passes(1);
    expect(signals.origin).not.to.equal(undefined);
    origin.resolve(response(200));
  });

  it("lets the error of the origin through when neither has an answer", async () => {
    const first = begin();
    await passes(DELAY_MS);
    origin.reject(new Error("the origin is away"));
    peer.resolve({ kind: "passed-over", why: "no-answer" });
    expect(await first.catch(({ message }: Error) => message)).to.equal("the origin is away");
  });

  it("is given up with the request", async () => {
    const first = begin().catch(() => "given up");
    signal.abort();
    expect(signals.peer?.aborted).to.equal(true);
    peer.resolve({ kind: "passed-over", why: "unreachable" });
    origin.reject(new Error("given up"));
    expect(await first).to.equal("given up");
    expect(signals.origin?.aborted).to.equal(true);
  });
});
