import type { Socket } from "node:net";
import type { ConnectionParts } from "./connection-parts.ts";
import type { Exchange } from "./exchange.ts";

/** Ends the exchange of a connection when the program threw: by an answer if none has begun, else by a reset. */
export function endByFault(
  thrown: unknown,
  exchange: Exchange | undefined,
  socket: Socket,
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
  if (exchange?.end === undefined) socket.resetAndDestroy();
}
