import type { Redis } from "ioredis";
import type { Clock } from "../../process/clock.ts";
import { failureOf, type RedisConnection } from "./connection.ts";
import { HEARTBEAT_CHANNEL } from "./keys.ts";
import type { OutageReporter } from "./outage-reporter.ts";

// A subscription that died in silence is found by the next of these, in milliseconds.
const PROBE_EVERY_MS = 1000;

/** Gives whatever any process publishes as a heartbeat to `onBeat`, until `ended` aborts; then the connection is closed. */
export async function listenToHeartbeats(
  connection: RedisConnection,
  outage: OutageReporter,
  clock: Clock,
  ended: AbortSignal,
  onBeat: (json: string) => void,
): Promise<void> {
  const part = {};
  const onMessage = (_channel: string, json: string): void => onBeat(json);
  let subscribed: Redis | undefined;
  const cut = () => connection.close();
  ended.addEventListener("abort", cut);
  try {
    while (!ended.aborted) {
      const probe = await connection.ask(async (client) => {
        if (client === subscribed) return await client.ping();
        client.on("message", onMessage);
        await client.subscribe(HEARTBEAT_CHANNEL);
        subscribed = client;
        return "subscribed";
      });
      if (probe.kind === "reply") {
        outage.over(part);
        await clock.wait(PROBE_EVERY_MS, ended);
      } else if (!ended.aborted) {
        outage.noticed(part, failureOf("listening to heartbeats", probe));
      }
    }
  } catch (thrown) {
    // The wait ends with the signal's reason, which is how this loop is meant to end.
    if (!ended.aborted) throw thrown;
  } finally {
    ended.removeEventListener("abort", cut);
    connection.close();
  }
}
