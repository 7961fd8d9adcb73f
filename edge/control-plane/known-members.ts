import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { Member, StatsResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { formatPosition } from "../../purge-log/position.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import { soon } from "./soon.ts";

// An operator who asks while the purge log hangs misses edges that came within this time. A read is one round trip.
const READ_EVERY_MS = 10_000;

/** The edges of the fleet, as the heartbeat table has them, or had them when it was last read. */
export class KnownMembers {
  readonly #purgeLog: Pick<PurgeLog, "members">;
  readonly #clock: Clock;
  readonly #log: Log;
  #last: readonly Member[] = [];

  constructor(
    purgeLog: Pick<PurgeLog, "members">,
    { clock, log }: { readonly clock: Clock; readonly log: Log },
  ) {
    this.#purgeLog = purgeLog;
    this.#clock = clock;
    this.#log = log;
  }

  /** As the table has them; as it was last read while the purge log does not answer. */
  async read(): Promise<Pick<StatsResponse, "members" | "membersOutdated">> {
    let membersOutdated = "";
    try {
      const members = await soon(this.#purgeLog.members(), this.#clock);
      this.#last = members.map((member) => ({ ...member, position: formatPosition(member.position) }));
    } catch (thrown) {
      membersOutdated = `the heartbeat table cannot be read: ${describeError(thrown)}`;
      this.#log.info({ cause: describeError(thrown) }, "heartbeat table unreadable; last known members used");
    }
    return { members: [...this.#last], membersOutdated };
  }

  /** Reads now and then, so that the edges are known when the purge log hangs and nobody has asked before. */
  async run(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      await this.read();
      await this.#clock.wait(READ_EVERY_MS, ended).catch(() => undefined);
    }
  }
}
