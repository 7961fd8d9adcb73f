import type { Clock } from "../../process/clock.ts";
import { describeError, Failure } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import { leaseEndsInMs } from "../../purge-log/membership.ts";
import type { Heartbeat, Member, PurgeLog } from "../../purge-log/purge-log.ts";

/**
 * Makes sure that no other edge serves under this id, when the first heartbeat was not confirmed. It waits until the lease
 * of the other edge has surely run out. If that edge sends a heartbeat meanwhile, it is alive, and this one throws
 * Failure("edge-id-taken", "config"). While the purge log does not answer, nothing is known of other edges. The log
 * itself refuses the heartbeats of the second of two.
 */
export async function claimId(
  own: Pick<Heartbeat, "edge" | "bootId">,
  { purgeLog, clock, log }: { readonly purgeLog: PurgeLog; readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const look = async (): Promise<Member | undefined> => {
    const others = (await purgeLog.members()).filter(({ bootId }) => bootId !== own.bootId);
    return others.find((other) => other.edge === own.edge && leaseEndsInMs(other) > 0);
  };
  try {
    const earlier = await look();
    if (earlier === undefined) return;
    const waitMs = leaseEndsInMs(earlier);
    log.warn(
      { grpc: earlier.grpcAddress, waitMs },
      "an edge with this id ran until just now; waiting until its lease has ended",
    );
    await clock.wait(waitMs);
    const living = await look();
    if (living === undefined) return;
    const rule = "no two edges may share one on one purge log";
    const got = `"${own.edge}", which the edge with gRPC at ${living.grpcAddress} has`;
    throw new Failure("edge-id-taken", "config", `--id: ${rule}, got ${got}`);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === "edge-id-taken") throw thrown;
    log.warn({ cause: describeError(thrown) }, "heartbeat table unreadable; another edge may have this id");
  }
}

/** Of an edge that serves nothing any more, so that no purge waits for it. Never rejects. */
export async function giveUpId(
  own: Pick<Heartbeat, "edge" | "bootId">,
  { purgeLog, log }: { readonly purgeLog: PurgeLog; readonly log: Log },
): Promise<void> {
  try {
    await purgeLog.leave(own.edge, own.bootId);
  } catch (thrown) {
    log.warn({ cause: describeError(thrown) }, "could not leave the heartbeat table");
  }
}
