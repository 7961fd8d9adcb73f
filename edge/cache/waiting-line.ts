import type { Clock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import type { GiveUpSignal } from "../origin/give-up.ts";

/** How long a request waits in a line. */
export interface Patience {
  readonly ms: number;
  /** Aborted when its client has left. */
  readonly left: GiveUpSignal | undefined;
}

/**
 * Resolves when it is the request's turn, its patience is over, or its client has left. The line of the caller tells which:
 * a request that has its turn stands in it no longer.
 */
export async function waitInLine(
  turn: Promise<unknown>,
  { ms, left }: Patience,
  clock: Clock,
): Promise<void> {
  const over = new AbortController();
  const leave = (): void => over.abort();
  left?.addEventListener("abort", leave, { once: true });
  const patience = clock.wait(ms, over.signal).catch(() => undefined);
  await Promise.race([turn, patience]);
  over.abort();
  left?.removeEventListener("abort", leave);
}

export function clientLeft(): Failure {
  return new Failure("client-left", "client", "the client left while its request waited for its turn");
}
