import type { Address } from "../../process/address.ts";

/** What one Sentinel, or one node of a Cluster, says of the primary. */
export interface Testimony {
  readonly primary: Address;
  /** Of two that differ, the one with the higher number is the later one. */
  readonly configEpoch: number;
}

/** A program that knows where the primary is. Rejects when it does not say so in time. */
export type Witness = () => Promise<Testimony>;

/**
 * The latest testimony once more than half of the witnesses have spoken, or of those who spoke at all. A failover is
 * decided by more than half of the Sentinels, or of the nodes.
 */
export async function agreed(witnesses: readonly Witness[]): Promise<Address> {
  const heard: Testimony[] = [];
  const failures: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const asked = witnesses.map(async (ask) => {
    try {
      heard.push(await ask());
      if (heard.length > witnesses.length / 2) resolve();
    } catch (thrown) {
      failures.push(thrown);
    }
  });
  await Promise.race([promise, Promise.all(asked)]);
  const [first, ...others] = heard;
  if (first === undefined) throw failures[0];
  return others.reduce((best, next) => (next.configEpoch > best.configEpoch ? next : best), first).primary;
}
