import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns";
import { isIPv6 } from "node:net";
import type { Sink } from "../../process/log-writer.ts";

// RFC 5424 section 6.2.1: facility local0 (16), severity informational (6).
const PRIORITY = 16 * 8 + 6;
// RFC 5424 section 6.1: receivers should take 2,048 bytes; a datagram over IPv4 has no more than this.
const LONGEST_DATAGRAM = 65_507;
const LINE_END = 0x0a;

export interface SyslogOptions {
  readonly host: string;
  readonly port: number;
  /** The host and the program that the messages name. */
  readonly from: { readonly host: string; readonly program: string; readonly pid: number };
  readonly wall: () => number;
}

/** A syslog server (RFC 5424) that takes datagrams (RFC 5426). What it does not take is lost without a sign. */
export class Syslog {
  readonly #options: SyslogOptions;
  readonly #socket: Socket;
  #isClosed = false;

  constructor(options: SyslogOptions) {
    this.#options = options;
    this.#socket = createSocket(isIPv6(options.host) ? "udp6" : "udp4");
    // A server that is not there answers with an error of ICMP.
    this.#socket.on("error", () => undefined);
    this.#socket.unref();
  }

  readonly sink: Sink = (bytes, done) => {
    const { host } = this.#options;
    // Once for all lines: the socket would do it for each, on the threads that read the disk too.
    lookup(host, isIPv6(host) ? 6 : 4, (error, address) => {
      if (error !== null || this.#isClosed) done(false);
      else this.#send(bytes, address, done);
    });
  };

  #send(bytes: Uint8Array, address: string, done: (isOut: boolean) => void): void {
    const { port } = this.#options;
    const head = Buffer.from(this.#head());
    const messages = linesOf(bytes).map((line) => Buffer.concat([head, line]).subarray(0, LONGEST_DATAGRAM));
    let left = messages.length;
    let areOut = true;
    if (left === 0) done(true);
    for (const message of messages) {
      this.#socket.send(message, port, address, (error) => {
        areOut &&= error === null;
        left -= 1;
        if (left === 0) done(areOut);
      });
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.close();
  }

  #head(): string {
    const { from, wall } = this.#options;
    return `<${PRIORITY}>1 ${new Date(wall()).toISOString()} ${from.host} ${from.program} ${from.pid} access - `;
  }
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let from = 0;
  for (let at = bytes.indexOf(LINE_END); at !== -1; at = bytes.indexOf(LINE_END, from)) {
    lines.push(bytes.subarray(from, at));
    from = at + 1;
  }
  return lines;
}
