import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { isIPv4 } from "node:net";
import type { Clock } from "../../process/clock.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import { groupsOfIPv6 } from "./client-address.ts";

/** The ends of a connection that a socket has. */
export type Ends = Pick<Socket, "localPort" | "remoteAddress" | "remotePort">;

/** Bytes that the other end of a connection has not acknowledged, by `endsKey`. */
export type SendQueues = ReadonlyMap<string, number>;

// proc(5): the connections of this network namespace, as Linux shows them.
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];

// The port of this end, the address and port of the other one, the state, the bytes to be sent.
const ROW = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]+:[0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):/gm;

/** The queues of the connections with these keys, as far as the system shows them. Reads in slices; never rejects. */
export async function readSendQueues(
  keys: ReadonlySet<string>,
  clock: Pick<Clock, "monotonic" | "wait">,
): Promise<SendQueues> {
  const queues = new Map<string, number>();
  const slice = new WorkSlice(clock);
  for (const table of TABLES) {
    // Other systems have no such file.
    const text = await readFile(table, "latin1").catch(() => "");
    for (const [, port, other, bytes = ""] of text.matchAll(ROW)) {
      if (slice.isOver()) await slice.pause();
      const key = `${port} ${other}`;
      if (keys.has(key)) queues.set(key, Number.parseInt(bytes, 16));
    }
  }
  return queues;
}

/** How the tables name a connection; undefined when it is not connected. */
export function endsKey({ localPort, remoteAddress, remotePort }: Ends): string | undefined {
  if (localPort === undefined || remoteAddress === undefined || remotePort === undefined) return undefined;
  return `${hex(localPort, 4)} ${addressHex(remoteAddress)}:${hex(remotePort, 4)}`;
}

/** Words of four bytes, each in the order of the processor: the processors that node runs on begin with the lowest. */
function addressHex(address: string): string {
  const bytes = isIPv4(address)
    ? address.split(".").map(Number)
    : groupsOfIPv6(address).flatMap((group) => [group >> 8, group & 0xff]);
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.slice(4 * i, 4 * i + 4).reverse());
  return words
    .flat()
    .map((byte) => hex(byte, 2))
    .join("");
}

function hex(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, "0");
}
