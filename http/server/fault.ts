import type { ConnectionParts } from "./connection-parts.ts";
import type { Exchange } from "./exchange.ts";

/** Ends an exchange, or the connection without one, when the program threw: by an answer if none has begun, else by a reset. */
export function endByFault(
  thrown: unknown,
  exchange: Exchange | undefined,
  reset: () => void,
  fault: ConnectionParts["fault"],
): void {
  try {
    const answer = fault(thrown, exchange);
    exchange?.abandon("fault");
    if (exchange !== undefined && exchange.end === undefined && !exchange.begun) {
      exchange.closeAfter();
      exchange.begin(answer);
      exchange.finish();
      return;
    }
  } catch (again) {
    fault(again, undefined);
  }
  if (exchange?.end === undefined) reset();
}
