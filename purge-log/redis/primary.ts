import { setImmediate as endOfTurn } from "node:timers/promises";
import type { Address } from "../../process/address.ts";
import { hostPort } from "../../process/listen.ts";
import type { RedisUrl } from "../../process/settings/redis-url.ts";
import { askClusterNode } from "./cluster-node.ts";
import { Coalesced } from "./coalesce.ts";
import type { RedisAccess } from "./redis-access.ts";
import { askSentinel } from "./sentinel.ts";
import { agreed } from "./witness.ts";

/**
 * Where the primary of the log is: one server, or the one that Sentinels or the nodes of a Cluster name. All of them are
 * asked, because one that was cut off together with an old primary goes on naming that. When the primary has moved, every
 * connection to the former one is told to end: an old primary that lives on would keep them for ever.
 */
export class Primary {
  /** For messages. */
  readonly name: string;
  readonly #look: () => Promise<Address>;
  readonly #moved = new Set<() => void>();
  #known: Address | undefined;

  constructor(url: RedisUrl, access: RedisAccess) {
    const { kind, hosts, isTls, primaryName } = url;
    const scheme = `redis${isTls ? "s" : ""}${kind === "server" ? "" : `+${kind}`}`;
    const list = hosts.map(({ host, port }) => hostPort(host, port)).join(",");
    this.name = `${scheme}://${list}${primaryName === "" ? "" : `/${primaryName}`}`;
    this.#look = lookOf(url, access);
  }

  /** Whether it was there when somebody last looked. */
  isAt(address: Address): boolean {
    return this.#known !== undefined && isSame(this.#known, address);
  }

  async find(): Promise<Address> {
    const found = await this.#look();
    const known = this.#known;
    this.#known = found;
    if (known !== undefined && !isSame(known, found)) for (const tell of this.#moved) tell();
    return found;
  }

  /** Returns a function that ends it. */
  onMoved(listener: () => void): () => void {
    this.#moved.add(listener);
    return () => this.#moved.delete(listener);
  }
}

function isSame(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port;
}

function lookOf(url: RedisUrl, access: RedisAccess): () => Promise<Address> {
  const [only] = url.hosts;
  if (only === undefined) throw new Error("a Redis URL names at least one host");
  if (url.kind === "server") return () => Promise.resolve(only);
  const ask = url.kind === "sentinel" ? askSentinel : askClusterNode;
  const witnesses = url.hosts.map((host) => () => ask(host, url, access));
  // The connections of a log lose the primary together.
  const look = new Coalesced(() => agreed(witnesses), endOfTurn);
  return () => look.next();
}
