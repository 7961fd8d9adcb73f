import type { Redis } from "ioredis";
import type { Clock } from "../../process/clock.ts";
import { failureOf, type RedisConnection } from "./connection.ts";
import type { OutageReporter } from "./outage-reporter.ts";

// A subscription that died in silence is found within this time, in milliseconds, by subscribing once more: where only
// what is needed is allowed, PING is not. Until then takers read the table, so there is no hurry; one that ended is made
// anew at once.
const PROBE_EVERY_MS = 5000;

/** The parts of its purge log that a listener uses. */
export interface ListenerParts {
  readonly connection: RedisConnection;
  readonly outage: OutageReporter;
  readonly clock: Clock;
}

/** Gives whatever any process publishes on the channel to `heard`, until `ended` aborts; then the connection is closed. */
export async function listenTo(
  channel: string,
  heard: (text: string) => void,
  { connection, outage, clock }: ListenerParts,
  ended: AbortSignal,
): Promise<void> {
  const part = {};
  const onMessage = (_channel: string, text: string): void => heard(text);
  let subscribed: Redis | undefined;
  let gone = Promise.resolve();
  const cut = () => connection.close();
  ended.addEventListener("abort", cut);
  try {
    while (!ended.aborted) {
      const probe = await connection.ask(async (client) => {
        if (client !== subscribed) {
          gone = new Promise((resolve) => {
            client.once("end", resolve);
          });
          client.on("message", onMessage);
        }
        subscribed = client;
        await client.subscribe(channel);
      });
      if (probe.kind === "reply") {
        outage.over(part);
        await rest(clock, gone, ended);
      } else if (!ended.aborted) {
        outage.noticed(part, failureOf(`listening to ${channel}`, probe));
      }
    }
  } catch (thrown) {
    // The wait ends with the signal's reason, which is how this loop is meant to end.
    if (!ended.aborted) throw thrown;
  } finally {
    ended.removeEventListener("abort", cut);
    outage.left(part);
    connection.close();
  }
}

/** Until the next probe is due, or there is nothing more to probe. */
async function rest(clock: Clock, gone: Promise<void>, ended: AbortSignal): Promise<void> {
  const alarm = new AbortController();
  const due = clock.wait(PROBE_EVERY_MS, AbortSignal.any([alarm.signal, ended]));
  try {
    await Promise.race([gone, due]);
  } finally {
    alarm.abort();
  }
}
