import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Why this machine cannot have links with delays of their own; undefined when it can. */
export function missingForLinks(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  for (const tool of ["ip", "tc"]) {
    if (!onPath(tool)) return `needs ${tool} of iproute2`;
  }
  try {
    const probe = NetworkNamespace.open(PROBE);
    try {
      probe.delay(1);
    } finally {
      probe.close();
    }
    return undefined;
  } catch (thrown) {
    // Such as a container without the right to change the network, or a kernel without the delay discipline netem.
    return `needs namespaces and netem: ${thrown instanceof Error ? thrown.message : thrown}`;
  }
}

// Of RFC 2544's block for tests of networks: nobody's address. Each link takes four of them.
const BLOCK = "198.18";
// Two hundred links at once, and one for the probe.
const PROBE = 200;

/** A network of its own, reached over a link whose delay may change at any time. */
export class NetworkNamespace {
  readonly name: string;
  /** Its address on the link. */
  readonly host: string;
  readonly #link: string;
  readonly #close = () => this.close();

  private constructor(index: number) {
    this.name = `edgecache-${process.pid}-${index}`;
    // A link's name has room for 15 characters.
    this.#link = `ec${process.pid}-${index}`;
    const third = process.pid % 256;
    const first = (index * 4) % 256;
    this.host = `${BLOCK}.${third}.${first + 2}`;
    const inside = ["-n", this.name];
    // Whatever becomes of this process, its networks end with it.
    process.once("exit", this.#close);
    try {
      ip("netns", "add", this.name);
      ip("link", "add", this.#link, "type", "veth", "peer", "name", "edge", "netns", this.name);
      ip("address", "add", `${BLOCK}.${third}.${first + 1}/30`, "dev", this.#link);
      ip("link", "set", this.#link, "up");
      ip(...inside, "address", "add", `${this.host}/30`, "dev", "edge");
      ip(...inside, "link", "set", "edge", "up");
      ip(...inside, "link", "set", "lo", "up");
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /** `index` from 0, another one for each that is open at the same time. Throws what the tools say. */
  static open(index: number): NetworkNamespace {
    return new NetworkNamespace(index);
  }

  /** Each round trip takes `ms` longer from now on. */
  delay(ms: number): void {
    run("tc", ["qdisc", "replace", "dev", this.#link, "root", "netem", "delay", `${ms}ms`]);
  }

  close(): void {
    process.removeListener("exit", this.#close);
    // The link goes with the namespace that holds its other end.
    if (existsSync(join("/run/netns", this.name))) ip("netns", "delete", this.name);
  }
}

function ip(...args: string[]): void {
  run("ip", args);
}

function run(tool: string, args: readonly string[]): void {
  try {
    execFileSync(tool, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
  } catch (thrown) {
    const said = thrown instanceof Error && "stderr" in thrown ? String(thrown.stderr).trim() : thrown;
    throw new Error(`${tool} ${args.join(" ")}: ${said}`);
  }
}

function onPath(tool: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, tool)));
}
