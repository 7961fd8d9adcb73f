import { createHash } from "node:crypto";
import { z } from "zod";
import { hostOf } from "../../http/message/authority.ts";
import type { Scheme } from "../../http/message/scheme.ts";
import { WEB_SOCKET } from "../../http/server/web-socket.ts";
import { fileMap, fileValue } from "../../process/settings/file-values.ts";
import type { Section } from "../../process/settings/program.ts";
import { host, httpUrl, listOf, text, type ValueType } from "../../process/settings/values.ts";
import type { CompressRules } from "../rules/compression.ts";
import type { RequestLimits } from "../rules/request-limits.ts";
import type { RuleBook } from "../rules/site/rule-book.ts";
import type { SignSettings } from "../rules/site/signed-urls.ts";
import type { SiteRule } from "../rules/site/site-rule.ts";
import { alikeByTarget, type TargetRules } from "../rules/site/target-rules.ts";
import { SAFE_RULES, type SiteRules } from "../rules/site-rules.ts";
import { CLIENT_HOST, type HostPolicy, hostPolicy, toldBase } from "./host-policy.ts";
import { nodeName } from "./node-name.ts";
import type { OriginConfig } from "./open-origin.ts";
import { type OriginProtocol, originProtocolKeys, originProtocolOf } from "./origin-protocol.ts";
import { type OriginTls, originTlsKeys, originTlsOf } from "./origin-tls.ts";
import { signedUrls } from "./sign-settings.ts";
import { ruleBook, siteRulesList } from "./site/rule-schema.ts";
import { ruleName } from "./site/rule-values.ts";
import { siteRuleKeys, siteRulesOf } from "./site-settings.ts";

/** A named set of Host names with one origin. */
export interface Site {
  readonly name: string;
  /** In lower case. A site without hosts answers every Host that no other site names. */
  readonly hosts: readonly string[];
  readonly origin: OriginConfig;
  /** Others, by the names that its rules give them. */
  readonly origins?: Readonly<Record<string, OriginConfig>>;
  /** The Host that an HTTP origin receives. Default: the client's. */
  readonly host?: HostPolicy;
  /** Default: as usual. */
  readonly tls?: OriginTls;
  /** Default: HTTP/1.1. */
  readonly protocol?: OriginProtocol;
  /** Default: SAFE_RULES. */
  readonly rules?: SiteRules;
}

/** A site, as far as requests are told apart by it: plain data, for another thread. */
export interface ServedSite extends Pick<Site, "name" | "hosts" | "host"> {
  readonly origin: Pick<OriginConfig, "kind">;
  readonly written: readonly SiteRule[];
  readonly upgrades: readonly string[];
  readonly compress: CompressRules;
  readonly limits: RequestLimits;
  readonly sign: SignSettings;
}

/** The rules of each site. */
export function siteRulesByName(sites: readonly Site[]): ReadonlyMap<string, SiteRules> {
  return new Map(sites.map(({ name, rules = SAFE_RULES }) => [name, rules]));
}

/** The same in a thread that knows no more of the sites. */
export function servedRulesByName(sites: readonly ServedSite[]): ReadonlyMap<string, SiteRules> {
  return new Map(
    sites.map(({ name, written, compress, limits, sign }) => [
      name,
      { ...SAFE_RULES, compress, limits, signed: signedUrls(sign), book: ruleBook(written) },
    ]),
  );
}

const directory = text("the path of a directory");
// Two letters at least, so that a Windows drive stays a path.
const HAS_SCHEME = /^[a-z][a-z0-9+.-]+:/i;

// A request may wait for the timeouts of all of them, one after the other.
const MAX_ORIGINS = 8;

const several = listOf(httpUrl);

/** Where responses come from. Opening a directory origin checks that the directory exists. */
export const origin: ValueType<OriginConfig> = {
  name: "origin",
  rule: `the path of a directory, or ${httpUrl.rule}, or up to ${MAX_ORIGINS} of these URLs separated by commas, the preferred one first`,
  fileForm: "list",
  parse: (value) => {
    if (!value.split(",").some((part) => HAS_SCHEME.test(part.trim()))) {
      const path = directory.parse(value);
      return path === undefined ? undefined : { kind: "directory", path };
    }
    const urls = several.parse(value);
    return urls === undefined ? undefined : httpOrigin(urls);
  },
  hint: (value) => {
    // RFC 3986 section 3.1 takes the name of a host for a scheme there.
    const urls = value.split(",").map((part) => part.trim().replace(/^([\w.-]+:\d{1,5})$/, "http://$1"));
    const meant = urls.join(",");
    return meant !== value && several.parse(meant) !== undefined
      ? `did you mean ${meant}?`
      : several.hint?.(value);
  },
  format: (value) => {
    switch (value.kind) {
      case "directory":
        return value.path;
      case "http":
        return httpUrl.format(value.url);
      case "several":
        return several.format(value.urls);
    }
  },
};

function httpOrigin(urls: readonly URL[]): OriginConfig | undefined {
  const [url, ...others] = urls;
  if (url === undefined || urls.length > MAX_ORIGINS) return undefined;
  // An origin that is listed twice is no fallback for itself.
  if (new Set(urls.map(httpUrl.format)).size < urls.length) return undefined;
  return others.length === 0 ? { kind: "http", url } : { kind: "several", urls };
}

// A map finds the site, so many sites cost nothing. The bound catches a file that was generated wrongly.
const MAX_SITES = 1000;

const site = fileMap(
  {
    name: fileValue(nodeName),
    hosts: z.array(fileValue(host), { error: "must be a list of host names" }).default([]),
    origin: fileValue(origin),
    origins: z
      .record(ruleName, fileValue(origin), { error: "must be a map of names and origins" })
      .default({}),
    host: fileValue(hostPolicy).default(CLIENT_HOST),
    ...originTlsKeys,
    ...originProtocolKeys,
    ...siteRuleKeys,
  },
  "must be a map of name, hosts, origin and the rules of the site",
);

/** The `sites:` list of the configuration file. */
export const sitesSection: Section<readonly Site[]> = {
  schema: z
    .array(site, { error: "must be a list of sites" })
    .min(1, { error: "must have at least one site" })
    .max(MAX_SITES, { error: `must have at most ${MAX_SITES} sites` })
    .transform((sites) =>
      sites.map(({ name, hosts, origin, origins, host, ...rules }) => ({
        name,
        hosts: hosts.map((each) => each.toLowerCase()),
        origin,
        ...(Object.keys(origins).length === 0 ? {} : { origins }),
        host,
        tls: originTlsOf(rules),
        protocol: originProtocolOf(rules),
        rules: siteRulesOf(rules),
      })),
    ),
  help: "A list of sites, instead of --origin. Each has `name`, `hosts` and `origin`. A site without hosts answers every other Host. `origins` names others, which its rules choose. `host` is the same as --origin-host. `origin-ca`, `origin-cert`, `origin-key`, `origin-server-name`, `origin-tls-min`, `origin-protocol`, `set-cookie`, `request-cookie`, `error-statuses`, `client-cache-control`, `forward-fields`, `invalidation`, `group-invalidation`, `compress`, `compress-types`, `compress-min-size`, `body-limit`, `url-limit`, `fields-limit`, `sign-keys`, `sign-paths`, `sign-parameter`, `sign-expires`, `origin-places`, `origin-places-per-client`, `upgrades`, `cookies`, `location`, `slice` and `preset` are the same as the flags with these names. `rules` is a list of rules: docs/rules.md.",
};

/** The `rules:` of the site of --origin. */
export const rulesSection: Section<readonly SiteRule[]> = {
  schema: siteRulesList,
  help: "A list of rules for the site of --origin: docs/rules.md. A site of `sites:` has its own.",
};

/** Finds the site that a Host selects. */
export class Sites {
  #names: readonly string[] = [];
  #digest = "";
  #generation = 0;
  #served: readonly ServedSite[] = [];
  readonly #upgrades = new Set<string>();
  readonly #byHost = new Map<string, string>();
  /** For the sites whose origin receives a host and a scheme. */
  readonly #policies = new Map<string, HostPolicy>();
  #fallback: string | undefined;
  #targetRules: readonly TargetRules[] = [];

  constructor(sites: readonly (Site | ServedSite)[]) {
    this.replace(sites);
  }

  get names(): readonly string[] {
    return this.#names;
  }

  /** Equal digests mean that every host selects the site of the same name. The edges of a fleet compare them. */
  get digest(): string {
    return this.#digest;
  }

  /** Another number once they were replaced: what was found of a request before may be wrong. */
  get generation(): number {
    return this.#generation;
  }

  /** The sites, as another thread can be told of them. */
  get served(): readonly ServedSite[] {
    return this.#served;
  }

  /** The rules by which requests have other targets; sites without such rules are left out. */
  get targetRules(): readonly TargetRules[] {
    return this.#targetRules;
  }

  /** The protocols, in lower case, for which some site makes tunnels. It changes with the sites. */
  get upgrades(): ReadonlySet<string> {
    return this.#upgrades;
  }

  /** From now on these are the sites. */
  replace(sites: readonly (Site | ServedSite)[]): void {
    this.#generation += 1;
    this.#served = sites.map(servedSite);
    this.#upgrades.clear();
    // One that no site allows is answered with a sentence.
    for (const name of [WEB_SOCKET, ...this.#served.flatMap(({ upgrades }) => upgrades)])
      this.#upgrades.add(name);
    this.#byHost.clear();
    this.#policies.clear();
    const books = new Map<string, RuleBook>();
    for (const site of sites) {
      // A serving thread purges nothing.
      if ("written" in site) continue;
      const { book } = site.rules ?? SAFE_RULES;
      if (book.changesTarget) books.set(site.name, book);
    }
    this.#targetRules = alikeByTarget(books);
    this.#names = sites.map((site) => site.name);
    this.#fallback = sites.find((site) => site.hosts.length === 0)?.name;
    for (const { name, hosts, origin, host = CLIENT_HOST } of this.#served) {
      if (origin.kind !== "directory") this.#policies.set(name, host);
      for (const host of hosts) this.#byHost.set(hostOf(isBareIPv6(host) ? `[${host}]` : host), name);
    }
    const selected = [...this.#byHost].sort(([a], [b]) => (a < b ? -1 : 1));
    const text = JSON.stringify([selected, this.#fallback ?? null]);
    this.#digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
  }

  /** Those that certificates must be for; none when some site answers to every host. */
  get hosts(): readonly string[] {
    return this.#fallback === undefined ? [...this.#byHost.keys()] : [];
  }

  /**
   * The name of the site that answers `authority` (`host[:port]`, as in a Host field); undefined when none does.
   * An empty authority selects the site that answers every Host.
   */
  of(authority: string): string | undefined {
    return this.#byHost.get(hostOf(authority)) ?? this.#fallback;
  }

  /** The scheme and host in the cache key, as the origin receives them. A directory receives none. */
  told(site: string, scheme: Scheme, authority: string): { readonly base?: string } {
    const policy = this.#policies.get(site);
    return policy === undefined ? {} : { base: toldBase(policy, scheme, authority) };
  }
}

/** A site of which any origin is told of scheme and host is one that has them in its keys. */
function kindOf({ origin, origins = {} }: Site): OriginConfig["kind"] {
  const told = [origin, ...Object.values(origins)].find(({ kind }) => kind !== "directory");
  return told?.kind ?? "directory";
}

function servedSite(site: Site | ServedSite): ServedSite {
  if ("written" in site) return site;
  const { name, hosts, host, rules = SAFE_RULES } = site;
  return {
    name,
    hosts,
    origin: { kind: kindOf(site) },
    upgrades: rules.upgrades,
    written: rules.book.written,
    compress: rules.compress,
    limits: rules.limits,
    sign: rules.signed.written,
    ...(host === undefined ? {} : { host }),
  };
}

/** Settings write an IPv6 address without brackets, a Host field with them. */
function isBareIPv6(host: string): boolean {
  return host.includes(":") && !host.startsWith("[");
}
