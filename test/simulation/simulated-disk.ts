import { type DiskTier, openDiskTier } from "../../edge/store/disk/disk-tier.ts";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { Clock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { FrailDisk } from "../rig/frail-disk.ts";

// More than a history writes.
const SIZE = 64 * 1024 * 1024;

const silent = createLog("simulation", "silent");

/** The disk of a machine: it outlives the processes of its edge. */
export class SimulatedDisk {
  readonly #edge: string;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  #files = new FrailDisk();

  constructor(edge: string, clock: Clock, random: SeededRandom) {
    this.#edge = edge;
    this.#clock = clock;
    this.#random = random;
  }

  open(): Promise<DiskTier> {
    const [edge, files, clock] = [this.#edge, this.#files, this.#clock];
    return openDiskTier({ files, edge, size: SIZE, clock, log: silent });
  }

  /** The process ends, or the power fails. What the old process writes from now on reaches nobody. */
  crash(): void {
    const isPowerCut = this.#random.chance(0.3);
    this.#files = this.#files.afterPowerCut((_, bytes) =>
      isPowerCut ? this.#random.whole(0, bytes) : bytes,
    );
  }
}
