import { describeError } from "../../process/failure.ts";
import type { SiteRules } from "../rules/site-rules.ts";
import { type OriginContext, openSiteOrigin } from "./open-origin.ts";
import type { Origin, ReplaceableOrigin } from "./origin.ts";
import { withKeys } from "./site/signing-keys.ts";
import { type Site, Sites, siteRulesByName } from "./sites.ts";

type SitesContext = Omit<OriginContext, "host" | "certificates" | "protocol" | "ttlMs">;

interface OpenSite {
  readonly origin: ReplaceableOrigin;
  /** Equal texts: the same origin, asked in the same way. */
  readonly identity: string;
}

/**
 * The sites of a running edge, with their origins and rules. A reload replaces them all in one step, between two requests.
 * Requests under way at an origin that goes end as they began.
 */
export class LiveSites {
  readonly #context: SitesContext;
  readonly #open = new Map<string, OpenSite>();
  readonly #origins = new Map<string, Origin>();
  readonly #rules = new Map<string, SiteRules>();
  /** Origins that are no longer asked, until the last request there has ended. */
  readonly #retired = new Set<Origin>();
  readonly table = new Sites([]);

  private constructor(context: SitesContext) {
    this.#context = context;
  }

  /** Throws the Failure of the first origin that cannot be opened; then none is open. */
  static async open(sites: readonly Site[], ttlMs: number, context: SitesContext): Promise<LiveSites> {
    const live = new LiveSites(context);
    await live.replace(sites, ttlMs);
    return live;
  }

  /** By site name. */
  get origins(): ReadonlyMap<string, Origin> {
    return this.#origins;
  }

  /** By site name. */
  get rules(): ReadonlyMap<string, SiteRules> {
    return this.#rules;
  }

  /** `ttlMs`: the freshness of files. Throws a Failure; then all sites are those of before. */
  async replace(sites: readonly Site[], ttlMs: number): Promise<void> {
    const opened: ReplaceableOrigin[] = [];
    const next = new Map<string, OpenSite>();
    let rules: ReadonlyMap<string, SiteRules>;
    try {
      rules = this.#rulesOf(sites);
      for (const site of sites) {
        const identity = identityOf(site, ttlMs);
        const before = this.#open.get(site.name);
        if (before?.identity === identity) {
          next.set(site.name, before);
          continue;
        }
        const origin = await openSiteOrigin(site, { ...this.#context, ttlMs });
        opened.push(origin);
        next.set(site.name, { origin, identity });
      }
    } catch (thrown) {
      for (const origin of opened) await origin.close();
      // At the start there are none yet, and the program ends with the Failure.
      if (this.#open.size > 0)
        this.#context.log.error({ cause: describeError(thrown) }, "a site cannot be opened; the sites stay");
      throw thrown;
    }
    for (const { origin } of exchange(this.#open, next)) if (!this.#stays(origin)) this.#retire(origin);
    exchange(this.#origins, new Map([...next].map(([name, { origin }]) => [name, origin])));
    exchange(this.#rules, rules);
    this.table.replace(sites);
  }

  /** Ends the requests that are still in flight. */
  async close(): Promise<void> {
    for (const origin of [...this.#origins.values(), ...this.#retired]) await origin.close();
  }

  /** Throws a Failure for keys that cannot be read. */
  #rulesOf(sites: readonly Site[]): ReadonlyMap<string, SiteRules> {
    const { log } = this.#context;
    return new Map(
      [...siteRulesByName(sites)].map(([name, rules]) => [
        name,
        { ...rules, signed: withKeys(rules.signed, name, log) },
      ]),
    );
  }

  #stays(origin: Origin): boolean {
    return [...this.#open.values()].some((open) => open.origin === origin);
  }

  #retire(origin: ReplaceableOrigin): void {
    this.#retired.add(origin);
    void origin.retire().then(() => this.#retired.delete(origin));
  }
}

function identityOf({ name, origin, origins = {}, host, tls, protocol, rules }: Site, ttlMs: number): string {
  return JSON.stringify([
    name,
    origin,
    origins,
    host,
    tls,
    protocol,
    rules?.location ?? "keep",
    [origin, ...Object.values(origins)].some(({ kind }) => kind === "directory") ? ttlMs : 0,
  ]);
}

/** Puts `next` in the place of what the map has. Returns the values that it had. */
function exchange<T>(map: Map<string, T>, next: ReadonlyMap<string, T>): readonly T[] {
  const before = [...map.values()];
  map.clear();
  for (const [name, value] of next) map.set(name, value);
  return before;
}
