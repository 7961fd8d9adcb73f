import { connect } from "node:net";
import { parseAddress } from "../process/address.ts";
import { describeError } from "../process/failure.ts";
import { CALL_MS } from "./deadline.ts";

/** Why no connection to this host:port can be had from here within 2 s; undefined: it can. */
export async function portTrouble(address: string): Promise<string | undefined> {
  const target = parseAddress(address);
  if (target === undefined) return "it is not host:port";
  return new Promise((resolve) => {
    const socket = connect({ host: target.host, port: target.port });
    const tell = (trouble: string | undefined): void => {
      socket.destroy();
      resolve(trouble);
    };
    socket.setTimeout(CALL_MS, () => tell(`no answer within ${CALL_MS} ms`));
    socket.once("connect", () => tell(undefined));
    socket.once("error", (error) => tell(describeError(error)));
  });
}
