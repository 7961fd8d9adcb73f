import type { Fields } from "../../http/message/fields.ts";
import type { RequestFields } from "../../http/message/request-fields.ts";
import type { RequestHead } from "../../http/message/request-head.ts";
import { cacheKey } from "../rules/cache-key.ts";
import type { CompressRules } from "../rules/compression.ts";
import { isReadableTo } from "../rules/content-coding.ts";
import type { CacheRequest, Negotiation } from "../rules/exchange.ts";
import { isLoop } from "../rules/loop.ts";
import { negotiationOf, withoutVagueRange } from "../rules/negotiation.ts";
import { isExcessiveRange } from "../rules/range.ts";
import { isTooLarge } from "../rules/request-limits.ts";
import type { MatchedRules } from "../rules/site/matched-rules.ts";
import { SAFE_RULES, type SiteRules } from "../rules/site-rules.ts";
import { markIn, selectingValue } from "../rules/vary.ts";
import type { StoredResponse } from "../store/stored-response.ts";

/** The kind of request that a field section makes. */
export type Asks =
  /** The stored response as it is. */
  | "whole"
  /** A part of it, or whether the client has it already. */
  | "part"
  /** Something that the full path has to see to. */
  | "more";

type SectionRules = Pick<SiteRules, "book" | "compress" | "limits" | "signed">;

type Came = Omit<CacheRequest, "method" | "target" | "fields">;

/** Request fields that demand a response that is not stored, or a validation. */
const MORE: ReadonlySet<string> = new Set([
  "cache-control",
  "content-length",
  "edgecache-after",
  "edgecache-peer",
  "expect",
  "if-match",
  "if-unmodified-since",
  "pragma",
  "transfer-encoding",
  "upgrade",
]);
/** Request fields that ask for a range, or name the version that the client has. */
const PART: ReadonlySet<string> = new Set(["if-modified-since", "if-none-match", "if-range", "range"]);

// Origins vary on a few fields. One connection rarely needs more.
const MOST_VALUES = 32;

/** By these it is found out which site is asked for, and by whom. */
const ROUTE: ReadonlySet<string> = new Set([
  "cdn-loop",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);
const DECISIVE: ReadonlySet<string> = MORE.union(PART).union(ROUTE);

interface Derived {
  readonly fields: RequestFields;
  readonly host: string | undefined;
  readonly asks: Asks;
  /** Without its target. */
  readonly request: CacheRequest;
  /** By the name of a field that Vary names: the value that selects. Those that have changed are not kept. */
  readonly values: Map<string, string | undefined>;
  readonly rules: SectionRules;
  /** The lines of these fields differ from those of earlier sections, and decide nothing here. */
  readonly changed?: ReadonlySet<string>;
}

/** The field section of a client, with everything that depends on it alone and not on the target. */
export class FieldSection {
  readonly fields: RequestFields;
  readonly host: string | undefined;
  readonly asks: Asks;
  /** The cache key of a target is this and the target. */
  readonly keyPrefix: string;
  /** The rules of its site. */
  readonly rules: SectionRules;
  readonly #request: CacheRequest;
  readonly #values: Map<string, string | undefined>;
  readonly #changed: ReadonlySet<string> | undefined;

  private constructor({ fields, host, asks, request, values, rules, changed }: Derived, keyPrefix: string) {
    this.fields = fields;
    this.host = host;
    this.asks = asks;
    this.rules = rules;
    this.#request = request;
    this.#values = values;
    this.#changed = changed;
    this.keyPrefix = keyPrefix;
  }

  /** The name of its site; "" when no site answers it. */
  get site(): string {
    return this.#request.site;
  }

  /** `came`: the request without its method and target. undefined: no site answers it. */
  static of(
    { fields, host }: RequestHead,
    came: Came | undefined,
    edgeId: string,
    rules: SectionRules = SAFE_RULES,
  ): FieldSection {
    const goesOn =
      came !== undefined && !isLoop(fields.section, edgeId) && !isTooLarge(fields.raw, rules.limits);
    const asks = goesOn ? asksOf(fields) : "more";
    const plain: CacheRequest = { method: "GET", target: "", site: "", ...came, fields: fields.section };
    const request = negotiating(plain, rules.compress);
    return new FieldSection({ fields, host, asks, request, values: new Map(), rules }, cacheKey(request));
  }

  /** The same of a request whose section differs in some lines that decide nothing here; else undefined. */
  similar({ fields, host }: RequestHead): FieldSection | undefined {
    const { root, changed } = fields;
    const isSimilar = root !== undefined && root === (this.fields.root ?? this.fields) && host === this.host;
    if (!isSimilar || changed === undefined) return undefined;
    if (changed !== this.#changed && !changed.isDisjointFrom(DECISIVE)) return undefined;
    if (isTooLarge(fields.raw, this.rules.limits)) return undefined;
    const plain = { ...this.#request, fields: fields.section };
    const { negotiation } = plain;
    // The fields about a part are the same.
    const request =
      negotiation === undefined || (!changed.has("accept-encoding") && this.asks === "whole")
        ? plain
        : negotiating(plain, this.rules.compress);
    // More and more names have changed since the root. The values of the others are the same in all sections.
    const derived = { fields, host, asks: this.asks, request, values: this.#values, rules: this.rules };
    return new FieldSection({ ...derived, changed }, this.keyPrefix);
  }

  /** undefined: its site compresses nothing. */
  get negotiation(): Negotiation | undefined {
    return this.#request.negotiation;
  }

  /** By which responses are found that stand for other targets. */
  placeOf({ path }: Pick<RequestHead, "path">): Pick<CacheRequest, "site" | "base" | "target"> {
    const { site, base } = this.#request;
    return base === undefined ? { site, target: path } : { site, base, target: path };
  }

  requestFor({ method, path }: Pick<RequestHead, "method" | "path">): CacheRequest {
    return { ...this.#request, method, target: path };
  }

  /** The request with all fields that the client sent, for the rules of the site. */
  askedFor(head: Pick<RequestHead, "method" | "path">): CacheRequest {
    return { ...this.requestFor(head), fields: this.fields.section };
  }

  /** The same with the fields that the rules of the site leave of it. */
  replaced(fields: Fields, matched: MatchedRules): FieldSection {
    const { negotiation: _, ...came } = this.#request;
    const request = negotiating({ ...came, fields, matched }, this.rules.compress);
    const asks = this.asks === "more" ? "more" : asksOf({ raw: fields.raw, section: fields });
    const { host, rules } = this;
    return new FieldSection(
      { fields: this.fields, host, asks, request, values: new Map(), rules },
      this.keyPrefix,
    );
  }

  /** The rules of its site that it has matched; undefined while none was asked. */
  get matched(): MatchedRules | undefined {
    return this.#request.matched;
  }

  /** The variant that is selected; undefined when none is, or several are. */
  onlySelected(variants: readonly StoredResponse[]): StoredResponse | undefined {
    let only: StoredResponse | undefined;
    for (const stored of variants) {
      if (!this.selects(stored)) continue;
      // RFC 9111 section 4.1: the most recent one; the full path finds it.
      if (only !== undefined || stored.method === "HEAD" || stored.held !== undefined) return undefined;
      only = stored;
    }
    return only;
  }

  /** Whether the variant is selected. */
  selects(stored: Pick<StoredResponse, "selecting" | "codings">): boolean {
    if (markIn(stored.selecting) !== this.#request.matched?.mark) return false;
    for (const [name, value] of stored.selecting) if (this.#value(name) !== value) return false;
    return isReadableTo(this.#request, stored);
  }

  #value(name: string): string | undefined {
    if (this.#changed?.has(name)) return selectingValue(name, this.#request);
    const known = this.#values.get(name);
    if (known !== undefined || this.#values.has(name)) return known;
    const value = selectingValue(name, this.#request);
    if (this.#values.size < MOST_VALUES) this.#values.set(name, value);
    return value;
  }
}

function negotiating(request: CacheRequest, compress: CompressRules): CacheRequest {
  const negotiation = negotiationOf(request, compress);
  if (negotiation === undefined) return request;
  return { ...request, fields: withoutVagueRange(request.fields, negotiation), negotiation };
}

function asksOf({ raw, section }: Pick<RequestFields, "raw" | "section">): Asks {
  let asks: Asks = "whole";
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]?.toLowerCase() ?? "";
    if (MORE.has(name)) return "more";
    if (PART.has(name)) asks = "part";
  }
  const range = asks === "part" ? section.get("range") : undefined;
  return range !== undefined && isExcessiveRange(range) ? "more" : asks;
}
