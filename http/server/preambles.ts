import type { Socket } from "node:net";
import type { Clock } from "../../process/clock.ts";
import type { Connections } from "./connections.ts";
import { peerAt } from "./peer.ts";
import { Preamble } from "./preamble.ts";
import type { PreambleFault } from "./proxy-preamble.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

export interface PreamblesConfig {
  /** Networks of the load balancers whose connections begin with a preamble. */
  readonly networks: readonly string[];
  readonly refused: (fault: PreambleFault, address: string) => void;
}

interface PreamblesParts {
  readonly clock: Pick<Clock, "monotonic">;
  readonly connections: Connections;
}

/** `address`: of the client. `rest`: the bytes of the client that have been read already. */
export type Begin = (address: string | undefined, rest: Buffer) => void;

/** Of a client that has said nothing yet. */
export const NOTHING = Buffer.alloc(0);

/**
 * Reads what load balancers say before the bytes of their clients. "The PROXY protocol", section 2: nobody guesses whether
 * a preamble is there. From these networks it must be, from all others it is no request.
 */
export class Preambles {
  readonly #networks: TrustedProxies;
  readonly #parts: PreamblesParts;
  readonly #refused: PreamblesConfig["refused"];

  constructor({ networks, refused }: PreamblesConfig, parts: PreamblesParts) {
    this.#networks = new TrustedProxies(networks);
    this.#refused = refused;
    this.#parts = parts;
  }

  /** Calls `begin` when the client's bytes begin, at once for most clients. */
  read(socket: Socket, begin: Begin): void {
    const peer = peerAt(socket.remoteAddress, "http", this.#networks);
    if (!peer.trusted) {
      begin(socket.remoteAddress, NOTHING);
      return;
    }
    const { clock, connections } = this.#parts;
    const ended = () => connections.delete(preamble);
    const preamble = new Preamble(socket, peer, clock.monotonic(), {
      given: ended,
      refused: (fault) => {
        ended();
        this.#refused(fault, peer.address);
      },
      read: (source, rest) => {
        ended();
        begin(source ?? socket.remoteAddress, rest);
      },
    });
    connections.add(preamble);
  }
}
