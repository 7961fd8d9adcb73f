import type { AccessOutput } from "../../http/access-log/access-output.ts";
import type { TlsFront } from "../../http/tls-front.ts";
import type { Finding } from "../../process/finding.ts";
import type { DataPort, PortLoad, ReloadedPort } from "./data-port.ts";
import type { Excess } from "./slow-clients.ts";

/** A data port with the place of its access log, which is open for as long as the port is. */
export class LoggedPort implements DataPort {
  readonly #port: DataPort;
  readonly #output: AccessOutput;

  constructor(port: DataPort, output: AccessOutput) {
    this.#port = port;
    this.#output = output;
  }

  get load(): PortLoad {
    return this.#port.load;
  }

  get heldBytes(): number {
    return this.#port.heldBytes;
  }

  get tlsPort(): number | undefined {
    return this.#port.tlsPort;
  }

  get certificateEndsAt(): number {
    return this.#port.certificateEndsAt;
  }

  get certificateFindings(): readonly Finding[] {
    return this.#port.certificateFindings;
  }

  async open(host: string, port: number, tls?: TlsFront): Promise<number> {
    await this.#output.open();
    return this.#port.open(host, port, tls);
  }

  reload(config: ReloadedPort): void {
    this.#port.reload(config);
    this.#output.reload(config.accessLog);
  }

  leaveBehind(excess: Excess): void {
    this.#port.leaveBehind(excess);
  }

  windDown(): void {
    this.#port.windDown();
  }

  async close(patienceMs: number): Promise<void> {
    await this.#port.close(patienceMs);
    await this.#output.close();
  }
}
