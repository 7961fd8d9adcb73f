import { expect } from "chai";
import { GiveUp, type GiveUpSignal } from "./give-up.ts";

interface Side {
  readonly signal: GiveUpSignal;
  abort(reason?: unknown): void;
}

function light(): Side {
  const signal = new GiveUp();
  return { signal, abort: (reason) => signal.abort(reason) };
}

function heavy(): Side {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}

describe("GiveUp does what an AbortController does", () => {
  for (const [name, side] of [
    ["GiveUp", light],
    ["AbortController", heavy],
  ] as const) {
    it(`calls each listener once, in order, and not one that was taken away: ${name}`, () => {
      const { signal, abort } = side();
      const told: string[] = [];
      const add = (text: string): (() => void) => {
        const listener = (): void => void told.push(text);
        signal.addEventListener("abort", listener, { once: true });
        return listener;
      };
      add("a");
      signal.removeEventListener("abort", add("b"));
      add("c");
      abort();
      abort();
      add("late");
      expect(told).to.deep.equal(["a", "c"]);
    });

    it(`takes a lone listener away: ${name}`, () => {
      const { signal, abort } = side();
      const listener = () => expect.fail("called");
      signal.addEventListener("abort", listener);
      signal.addEventListener("abort", listener);
      signal.removeEventListener("abort", listener);
      abort();
    });

    it(`has the reason of the first abort: ${name}`, () => {
      const { signal, abort } = side();
      expect([signal.aborted, signal.reason]).to.deep.equal([false, undefined]);
      signal.throwIfAborted();
      const reason = new Error("why");
      abort(reason);
      abort(new Error("again"));
      expect([signal.aborted, signal.reason]).to.deep.equal([true, reason]);
      expect(() => signal.throwIfAborted()).to.throw("why");
      const plain = side();
      plain.abort();
      expect(plain.signal.reason).to.have.property("name", "AbortError");
    });
  }
});
