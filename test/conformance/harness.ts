import { setImmediate as turn } from "node:timers/promises";
import { RFC_RULES } from "../../edge/rules/site-rules.ts";
import { NO_TLS } from "../../http/tls/tls-settings.ts";
import { describeError } from "../../process/failure.ts";
import { CertificateFolder } from "../rig/certificate-files.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import type { Case, Exchange } from "./case.ts";
import { type Answer, type Client, Http1Client } from "./client.ts";
import { difference } from "./difference.ts";
import type { Moment } from "./field-values.ts";
import { Http2Client } from "./http2-client.ts";
import { ScriptedOrigin } from "./scripted-origin.ts";

// Cases move the clock by seconds at once; their purge log, in the same process, is never out of reach.
const LEASE_MS = 1e12;
// A refresh begins with the answer that it stands behind.
const PATIENCE_MS = 1_000;
// Nothing tells when a refreshed response is stored; it is so a few turns of the event loop after it was sent.
const STORING_TURNS = 100;

/** How the cases are asked: in cleartext, or the same by TLS, or HTTP/2 by TLS. */
export const PROTOCOLS = ["http/1.1", "https/1.1", "h2"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

function clientOf(protocol: Protocol, edge: TestEdge): Client {
  const secure = `https://127.0.0.1:${edge.https?.port}`;
  switch (protocol) {
    case "http/1.1":
      return new Http1Client(edge.url);
    case "https/1.1":
      return new Http1Client(secure);
    case "h2":
      return new Http2Client(secure);
  }
}

/** A scripted origin, a real edge and a client, all on one clock that the cases move. They run one at a time. */
export class Harness {
  readonly #clock: ManualClock;
  readonly #origin: ScriptedOrigin;
  readonly #edge: TestEdge;
  readonly #client: Client;
  #runs = 0;

  private constructor(clock: ManualClock, origin: ScriptedOrigin, edge: TestEdge, client: Client) {
    this.#clock = clock;
    this.#origin = origin;
    this.#edge = edge;
    this.#client = client;
  }

  /** `workers`: threads that serve. Their clock is another one, so they ask the control thread for every answer. */
  static async start(protocol: Protocol = "http/1.1", workers = 1): Promise<Harness> {
    const clock = new ManualClock();
    const origin = await ScriptedOrigin.start(clock);
    const folder = new CertificateFolder();
    const { cert, key } = await folder.make("edge", ["localhost"]);
    const tls = { ...NO_TLS, tlsPort: 0, tlsCert: [cert], tlsKey: [key] };
    const edge = await startTestEdge(origin.url, {
      clock,
      lease: LEASE_MS,
      rules: RFC_RULES,
      workers,
      ...tls,
    });
    folder.remove();
    return new Harness(clock, origin, edge, clientOf(protocol, edge));
  }

  /** Resolves with the first difference in one line, or with undefined when the edge does all that is expected. */
  async run(script: Case): Promise<string | undefined> {
    this.#runs += 1;
    const path = `/${this.#runs}-${script.id.replaceAll(/[^\w-]/g, "-")}`;
    const start = this.#clock.wall();
    this.#origin.play(script, path);
    for (const [index, exchange] of script.exchanges.entries()) {
      const moment: Moment = { start, now: this.#clock.wall(), path };
      const found = await this.#exchange(script, exchange, index + 1, moment);
      if (found !== undefined) return `exchange ${index + 1}: ${found}`;
      if (exchange.pause !== undefined) await this.#pause(exchange.pause);
    }
    return undefined;
  }

  async stop(): Promise<void> {
    this.#client.stop();
    await this.#edge.stop();
    await this.#origin.stop();
  }

  async #exchange(
    script: Case,
    exchange: Exchange,
    number: number,
    moment: Moment,
  ): Promise<string | undefined> {
    let answer: Answer;
    try {
      answer = await this.#client.ask(exchange.request ?? {}, number, moment);
    } catch (thrown) {
      return `no whole answer: ${describeError(thrown)}`;
    }
    if (exchange.expect?.alsoAsked === true) await this.#refreshed(moment.path, number);
    const seen = this.#origin.seen(moment.path, number);
    return difference({ script, number, exchange, answer, seen, moment });
  }

  async #refreshed(path: string, number: number): Promise<void> {
    await this.#origin.asked(path, number, AbortSignal.timeout(PATIENCE_MS));
    for (let turns = 0; turns < STORING_TURNS; turns++) await turn();
  }

  async #pause(seconds: number): Promise<void> {
    this.#clock.advance(seconds * 1000);
    await turn();
  }
}
