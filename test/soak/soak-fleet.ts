import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "node:tls";
import { credentials, Metadata } from "@grpc/grpc-js";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { EdgeServiceClient } from "../../proto/gen/edgecache/v1/edge.ts";
import type { Fault } from "../chaos/schedule.ts";
import { System } from "../chaos/system.ts";
import { CertificateFolder, makeCertificate } from "../rig/certificate-files.ts";
import type { EdgeProcess } from "../rig/edge-process.ts";
import { FaultProxy } from "../rig/fault-proxy.ts";
import { freePort } from "../rig/free-port.ts";
import { isServing, RouterProcess } from "../rig/router-process.ts";
import { until } from "../rig/until.ts";
import { ManyPages } from "./many-pages.ts";
import type { Operation } from "./operation.ts";

/** The site whose pages are edited and purged. */
export const PAGES_SITE = "pages";

// The others run from the beginning to the end, so that what they keep adds up.
const MORTAL = 1;
const RELOAD_MS = 10_000;
// An edge asks a failed origin again after a while; until then its requests fail as before.
const ORIGIN_GRACE_MS = 5_000;
const TLS_NAME = "soak.example";

interface Parts {
  readonly system: System;
  readonly router: RouterProcess;
  readonly many: ManyPages;
  readonly originLink: FaultProxy;
  readonly folder: CertificateFolder;
  readonly tlsPorts: readonly number[];
}

/** The system of chaos, with a router before it, two sites in a file, and TLS. */
export class SoakFleet {
  readonly system: System;
  readonly router: RouterProcess;
  readonly #parts: Parts;
  /** When the origin of many pages failed. */
  readonly #failures: { readonly from: number; to: number }[] = [];
  #round = 0;

  private constructor(parts: Parts) {
    this.system = parts.system;
    this.router = parts.router;
    this.#parts = parts;
  }

  static async start(random: SeededRandom, leaseMs: number): Promise<SoakFleet> {
    const folder = new CertificateFolder();
    const { cert, key } = await folder.make("edge", [TLS_NAME]);
    const many = await ManyPages.start();
    const originLink = await FaultProxy.start(Number(many.url.port));
    const tlsPorts = [await freePort(), await freePort(), await freePort()];
    const file = folder.file("edge.yaml");
    const system = await System.start(random, leaseMs, (edge, origin) => {
      writeFileSync(file, settings(origin, originLink.port, 0));
      const tls = ["--tls-port", String(tlsPorts[edge]), "--tls-cert", cert, "--tls-key", key];
      return { origin: undefined, flags: ["--config", file, ...tls] };
    });
    const router = await RouterProcess.start(["--redis", await system.openLink()]);
    await router.until("every edge is serving", (seen) =>
      system.edges.every(({ id }) => isServing(seen, id)),
    );
    return new SoakFleet({ system, router, many, originLink, folder, tlsPorts });
  }

  /** By this name of the router clients reach the many pages. */
  get manyBase(): string {
    return this.router.base.replace("127.0.0.1", "localhost");
  }

  /** Whether the origin of many pages failed at some time between the two. */
  originFailed(from: number, to: number): boolean {
    return this.#failures.some((one) => one.from <= to && from <= one.to + ORIGIN_GRACE_MS);
  }

  /** The edges that do not run by themselves all the while. */
  disturbedBy(operation: Operation): readonly string[] {
    const indexes =
      operation.kind === "edge-restarted"
        ? [MORTAL]
        : operation.kind === "faults"
          ? mortal(operation.step.faults).flatMap((fault) => (stopsEdge(fault) ? [fault.edge] : []))
          : [];
    return indexes.flatMap((index) => this.system.edges[index]?.id ?? []);
  }

  /** Resolves when it is done, and undone where it is a fault. Throws when it was not done as it should be. */
  async perform(operation: Operation): Promise<void> {
    const { router, many, originLink } = this.#parts;
    const { edges } = this.system;
    switch (operation.kind) {
      case "faults":
        await Promise.all(mortal(operation.step.faults).map((fault) => this.system.suffer(fault)));
        return;
      case "edge-restarted": {
        const code = await edges[MORTAL]?.close();
        await edges[MORTAL]?.launch();
        if (code !== 0) throw new Error(`an edge ended with ${code} after SIGTERM`);
        return;
      }
      case "sites-reloaded":
        this.#writeSettings(settings(this.system.origin.url, originLink.port, ++this.#round));
        if (operation.by === "SIGHUP") for (const edge of edges) edge.hangUp();
        else await Promise.all(edges.map(reload));
        for (const edge of edges) await this.#knowsRound(edge);
        return;
      case "wrong-settings":
        this.#writeSettings("sites: [{ name: many, hots: [localhost] }]\n");
        for (const edge of edges) edge.hangUp();
        await Promise.all(edges.map(refuses));
        this.#writeSettings(settings(this.system.origin.url, originLink.port, this.#round));
        return;
      case "certificate-replaced":
        return this.#replaceCertificate();
      case "router-reloaded":
        router.hangUp();
        return;
      case "origin-fails":
        return this.#failing(operation.ms, (fails) => {
          many.failing = fails;
        });
      case "origin-link":
        return this.#failing(operation.ms, (fails) => {
          if (fails) originLink.inflict(operation.fault);
          else originLink.heal();
        });
    }
  }

  async close(): Promise<void> {
    await this.router.close();
    await this.system.close();
    await this.#parts.originLink.close();
    await this.#parts.many.close();
    this.#parts.folder.remove();
  }

  #writeSettings(text: string): void {
    writeFileSync(this.#parts.folder.file("edge.yaml"), text);
  }

  /** A page that nobody has asked for has what the latest rule gives it. */
  async #knowsRound({ id, httpPort }: EdgeProcess): Promise<void> {
    let looks = 0;
    const known = async () => {
      looks += 1;
      const answer = await fetch(`http://localhost:${httpPort}/many/0?round=${this.#round}.${looks}`);
      await answer.arrayBuffer();
      return answer.headers.get("soak-round") === String(this.#round);
    };
    await until(`${id} has read its sites again`, known, () => delay(50), RELOAD_MS);
  }

  async #replaceCertificate(): Promise<void> {
    const made = await makeCertificate([TLS_NAME]);
    this.#parts.folder.write("edge", made);
    for (const edge of this.system.edges) edge.hangUp();
    const { fingerprint256 } = new X509Certificate(made.cert);
    for (const port of this.#parts.tlsPorts) {
      const shown = async () => (await certificateAt(port)) === fingerprint256;
      await until(`port ${port} shows the new certificate`, shown, () => delay(50), RELOAD_MS);
    }
  }

  async #failing(ms: number, set: (fails: boolean) => void): Promise<void> {
    const failure = { from: performance.now(), to: Number.POSITIVE_INFINITY };
    this.#failures.push(failure);
    set(true);
    await delay(ms);
    set(false);
    failure.to = performance.now();
  }
}

/** `round` is in every response of many pages. */
function settings(pages: URL, manyPort: number, round: number): string {
  return `memory: 64MiB
sites:
  - name: many
    hosts: [localhost]
    origin: http://127.0.0.1:${manyPort}
    rules:
      - { name: round, response-headers: { set: { Soak-Round: "${round}" } } }
  - { name: ${PAGES_SITE}, origin: "${pages.origin}" }
`;
}

type EdgeStop = Extract<Fault, { readonly kind: "edge-killed" | "edge-stopped" | "suspended" }>;

function stopsEdge(fault: Fault): fault is EdgeStop {
  return fault.kind === "edge-killed" || fault.kind === "edge-stopped" || fault.kind === "suspended";
}

/** The same faults, where only the mortal edge is killed, and then nothing else happens to it. */
function mortal(faults: readonly Fault[]): readonly Fault[] {
  const kills = faults.some(({ kind }) => kind === "edge-killed");
  return faults.flatMap((fault): readonly Fault[] => {
    if (fault.kind === "edge-killed") return [{ ...fault, edge: MORTAL }];
    return kills && stopsEdge(fault) && fault.edge === MORTAL ? [] : [fault];
  });
}

/** Throws when the edge refuses. */
async function reload({ control }: EdgeProcess): Promise<void> {
  const client = new EdgeServiceClient(control, credentials.createInsecure());
  try {
    await new Promise<void>((resolve, reject) => {
      const deadline = Date.now() + RELOAD_MS;
      client.reload({}, new Metadata(), { deadline }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  } finally {
    client.close();
  }
}

/** Throws when the edge takes its settings. */
async function refuses(edge: EdgeProcess): Promise<void> {
  const refused = await reload(edge).then(
    () => false,
    () => true,
  );
  if (!refused) throw new Error(`${edge.id} took settings that are wrong`);
}

async function certificateAt(port: number): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, servername: TLS_NAME, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}
