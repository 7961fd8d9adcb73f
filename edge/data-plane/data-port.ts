import type { AccessLogValues } from "../../http/access-log/access-settings.ts";
import type { ServerLoad } from "../../http/server/server-load.ts";
import type { TlsFront } from "../../http/tls-front.ts";
import type { Finding } from "../../process/finding.ts";
import type { Excess } from "./slow-clients.ts";

/** The settings that it takes while it is open. */
export interface ReloadedPort extends Pick<AccessLogValues, "accessLog"> {
  readonly simulateLatency: number;
}

/** What the port has to do now, in all its threads. */
export interface PortLoad extends ServerLoad {
  /** Of the threads beside the one that asks, the longest recent delay of an event loop, in milliseconds. */
  readonly loopDelayMs: number;
}

/** The HTTP data port of an edge, whether one thread serves it or several. */
export interface DataPort {
  readonly load: PortLoad;
  /** Bytes of answers that clients have not taken yet, and that nothing else needs. All answers are looked at. */
  readonly heldBytes: number;
  /** The bound TLS port. */
  readonly tlsPort: number | undefined;
  /** When the first certificate of the TLS port ends, in milliseconds of wall time; Infinity without one. */
  readonly certificateEndsAt: number;
  /** What an operator should know of the certificates of the TLS port. */
  readonly certificateFindings: readonly Finding[];
  /** Opens the port, and that of `tls`. Resolves with the bound port. Throws a Failure. */
  open(host: string, port: number, tls?: TlsFront): Promise<number>;
  /** The table of sites, the files of the certificates, and these settings may have changed. */
  reload(config: ReloadedPort): void;
  /** Cuts the slowest clients of what the store no longer has, until so many bytes are free. */
  leaveBehind(excess: Excess): void;
  /** From now on each answer says that its connection ends with it; requests are taken as before. */
  windDown(): void;
  /** Takes no more connections, lets the answers in flight end for up to `patienceMs`, then cuts them. */
  close(patienceMs: number): Promise<void>;
}
