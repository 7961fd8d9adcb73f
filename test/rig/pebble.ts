import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ProvingPorts } from "./acme-check.ts";
import { makeCertificate } from "./certificate-files.ts";
import { freePort } from "./free-port.ts";

// Both are built by `go install github.com/letsencrypt/pebble/v2/cmd/...@latest`.
const PROGRAMS = ["pebble", "pebble-challtestsrv"];

/** Whether Pebble is on PATH. */
export function hasPebble(): boolean {
  return PROGRAMS.every((name) => spawnSync(name, ["-help"]).error === undefined);
}

/** Let's Encrypt's ACME server for tests, with a DNS server for which every name is this machine. */
export class Pebble {
  readonly directory: string;
  /** PEM, by which its own certificate is checked. */
  readonly ca: string;
  readonly #children: readonly ChildProcess[];

  private constructor(directory: string, ca: string, children: readonly ChildProcess[]) {
    this.directory = directory;
    this.ca = ca;
    this.#children = children;
  }

  /** It writes its settings to `folder`. `ports`: where hosts must prove themselves. */
  static async start(folder: string, ports: ProvingPorts): Promise<Pebble> {
    const [port, management, dns, dnsManagement] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    const { cert, key } = await makeCertificate(["localhost"]);
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const pebble = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: file("pebble.cert.pem", cert),
      privateKey: file("pebble.key.pem", key),
      httpPort: ports.http,
      tlsPort: ports.tls,
    };
    const config = file("pebble.json", JSON.stringify({ pebble }));
    const off = ["-http01", "-https01", "-tlsalpn01", "-doh"].flatMap((name) => [name, ""]);
    const names = spawnListening("pebble-challtestsrv", /Starting management server/, [
      ...off,
      ...["-management", `127.0.0.1:${dnsManagement}`, "-dnsserver", `127.0.0.1:${dns}`],
      ...["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""],
    ]);
    const server = spawnListening("pebble", /ACME directory available/, [
      ...["-config", config, "-strict", "-dnsserver", `127.0.0.1:${dns}`],
    ]);
    await Promise.all([names.listens, server.listens]);
    return new Pebble(`https://localhost:${port}/dir`, cert, [names.child, server.child]);
  }

  async stop(): Promise<void> {
    for (const child of this.#children) {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }
  }
}

function spawnListening(name: string, line: RegExp, args: readonly string[]) {
  // It waits at random before each check, unless it is told not to; it refuses some nonces by itself.
  const env = { ...process.env, PEBBLE_VA_NOSLEEP: "1", PEBBLE_VA_ALWAYS_VALID: "0" };
  const child = spawn(name, [...args], { stdio: ["ignore", "pipe", "pipe"], env });
  const listens = Promise.withResolvers<void>();
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on("line", (text) => {
      said.push(text);
      if (line.test(text)) listens.resolve();
    });
  child.once("exit", () => listens.reject(new Error(`${name} ended: ${said.slice(-3).join(" | ")}`)));
  return { child, listens: listens.promise };
}
