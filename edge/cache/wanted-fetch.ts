import { isSafe } from "../../http/message/methods.ts";
import type { Clock } from "../../process/clock.ts";
import type { GiveUp, GiveUpSignal } from "../origin/give-up.ts";
import { clientLeft } from "./waiting-line.ts";

// How long a request goes on at the origin when nobody waits for its answer any more. An answer that comes within a
// second is worth keeping. A slower one would hold a place at the origin that other clients need.
const PATIENCE_MS = 1_000;

/**
 * Fetches while the answer is wanted. `left` is aborted when nobody waits for it any more; a second later the fetch ends
 * too, unless the origin has begun its answer. An unsafe request goes on, because its effect and what it invalidates
 * belong together.
 */
export async function whileWanted<Response>(
  method: string,
  left: GiveUpSignal | undefined,
  fetch: () => Promise<Response>,
  fetching: Pick<GiveUp, "abort">,
  clock: Clock,
): Promise<Response> {
  if (left === undefined || !isSafe(method)) return fetch();
  let waiting: AbortController | undefined;
  const leave = (): void => {
    waiting = new AbortController();
    clock.wait(PATIENCE_MS, waiting.signal).then(
      () => fetching.abort(clientLeft()),
      () => undefined,
    );
  };
  if (left.aborted) leave();
  else left.addEventListener("abort", leave, { once: true });
  try {
    return await fetch();
  } finally {
    left.removeEventListener("abort", leave);
    waiting?.abort();
  }
}
