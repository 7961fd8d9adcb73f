import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import type { Standstill } from "./standstill.ts";

export interface ChannelParts<Message> {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  /** Of the thread that receives. */
  readonly receiver: Standstill;
  readonly deliver: (message: Message) => void;
}

/** Messages of one thread to another: each arrives as a copy, after all that were sent before it, when there is time for it. */
export class MessageChannel<Message> {
  readonly #parts: ChannelParts<Message>;
  readonly #underWay: Message[] = [];
  #lastAt = 0;

  constructor(parts: ChannelParts<Message>) {
    this.#parts = parts;
  }

  send(message: Message, transfer: readonly ArrayBuffer[] = []): void {
    const { time, random, receiver, deliver } = this.#parts;
    this.#underWay.push(structuredClone(message, { transfer: [...transfer] }));
    // A thread that is busy looks late.
    const takes = random.chance(0.05) ? random.between(1, 60) : random.between(0.01, 0.4);
    this.#lastAt = Math.max(this.#lastAt, time.now + takes);
    const takeNext = (): void => {
      // A receiver that stands still for longer than it seemed at first takes them up in another order.
      for (const next of this.#underWay.splice(0, 1)) deliver(next);
    };
    time.at(this.#lastAt, () => receiver.defer(takeNext));
  }
}
