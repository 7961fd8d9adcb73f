import { once } from "node:events";
import { connect, type PeerCertificate } from "node:tls";
import { pino } from "pino";
import type { OrderEnd } from "../../http/acme/acme-refusal.ts";
import { type AcmeValues, NO_ACME } from "../../http/acme/acme-settings.ts";
import { keepCertificates } from "../../http/acme/keep-certificates.ts";
import { NO_TLS, type TlsValues } from "../../http/tls/tls-settings.ts";
import { tlsFrontOf } from "../../http/tls-front.ts";
import type { Clock } from "../../process/clock.ts";
import type { AcmeServer } from "./acme-server.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

/** A bare HTTP server whose certificates come by ACME, in the place of an edge or a router. */
export class AcmeProgram {
  /** How its orders ended. */
  readonly ends: OrderEnd[] = [];
  readonly lines: Record<string, unknown>[] = [];
  readonly http: TestServer;
  tlsPort = 0;
  readonly #stopped = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  private constructor(http: TestServer) {
    this.http = http;
  }

  /** Requests that are no challenge are answered 200 "own". `httpPort`: one more port beside that of its own. */
  static async start(
    values: Partial<AcmeValues & TlsValues>,
    clock: Clock,
    httpPort?: number,
  ): Promise<AcmeProgram> {
    const http = await startTestServer((exchange) => {
      exchange.begin("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
      exchange.send("own", undefined, "");
      exchange.finish();
    });
    if (httpPort !== undefined) await http.server.open("127.0.0.1", httpPort);
    const program = new AcmeProgram(http);
    await program.#open({ ...NO_TLS, ...NO_ACME, tlsPort: 0, acmeAcceptTerms: true, ...values }, clock);
    return program;
  }

  async #open(values: AcmeValues & TlsValues, clock: Clock): Promise<void> {
    const write = (line: string) => void this.lines.push(JSON.parse(line));
    const log = pino({ level: "info" }, { write });
    const front = await tlsFrontOf(values, [], clock, log);
    if (front === undefined) throw new Error("a TLS port was asked for");
    this.tlsPort = await this.http.server.openTls("127.0.0.1", front.port, front);
    const counters = { certificateOrdered: (end: OrderEnd) => void this.ends.push(end) };
    const { signal } = this.#stopped;
    const keeping = keepCertificates(values, { clock, log, random: () => 0, counters }, signal);
    this.#running = Promise.all([front.run(signal), keeping]);
  }

  get httpPort(): number {
    return Number(new URL(this.http.url).port);
  }

  said(message: string): readonly Record<string, unknown>[] {
    return this.lines.filter(({ msg }) => msg === message);
  }

  /** What a client gets that names this host; undefined: it is refused. */
  async shown(host: string, protocols: readonly string[] = []): Promise<PeerCertificate | undefined> {
    const socket = connect({
      port: this.tlsPort,
      host: "127.0.0.1",
      servername: host,
      rejectUnauthorized: false,
      ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
    });
    try {
      await once(socket, "secureConnect");
      return socket.getPeerCertificate();
    } catch {
      return undefined;
    } finally {
      socket.destroy();
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    await this.http.server.close(0);
  }
}

/** The settings by which a program gets certificates from this server. */
export function acmeValuesFor(
  server: AcmeServer,
  { storage, ca }: { readonly storage: string; readonly ca: string },
): Partial<AcmeValues> {
  return { acmeDirectory: server.directory, acmeStorage: storage, acmeCa: ca, acmeHosts: ["a.example"] };
}
