import { bypassMend, type Mend, notStoredMend, shownMend, validationMend, varyMend } from "../rules/mend.ts";
import { type NotStored, notStored } from "../rules/not-stored.ts";
import { isTracked } from "../rules/site/query-policy.ts";
import {
  bypassDetails,
  passedDetails,
  ruleDetails,
  staleDetails,
  tunnelDetails,
  validationDetails,
} from "../rules/verdict-detail.ts";
import { edgeErrors, originErrors, refusals, tlsErrors } from "./error-details.ts";
import type { CacheOutcome } from "./outcome.ts";
import type { SeenRequest } from "./seen-requests.ts";

/** What an operator is told of a request that was no hit. */
export interface Advice {
  /** Why it was none. Empty for a hit. */
  readonly reason: string;
  /** The one field, rule or setting that would mend it. Empty where there is none. */
  readonly mend: string;
}

export const NO_ADVICE: Advice = { reason: "", mend: "" };

type Advised = Pick<SeenRequest, "outcome" | "status" | "url" | "vary" | "validates">;
type Of<K extends CacheOutcome["kind"]> = Extract<CacheOutcome, { kind: K }>;
type Judged = readonly [reason: string, mend: Mend];

/** Why a request was no hit, and what would make the next one a hit. */
export function advice(seen: Advised): Advice {
  const { outcome } = seen;
  if (outcome?.kind === "hit") return NO_ADVICE;
  const [reason, mend] = outcome === undefined ? NO_ANSWER : judged(outcome, seen);
  return { reason, mend: shownMend(mend, patternFor(seen.url)) };
}

const NO_ANSWER: Judged = ["The connection ended before the request was answered.", undefined];

function judged(outcome: Exclude<CacheOutcome, { kind: "hit" }>, seen: Advised): Judged {
  switch (outcome.kind) {
    case "stale":
      return stale(outcome);
    case "revalidated":
      return validated(outcome, seen);
    case "miss":
      return missed(outcome, seen);
    case "bypass":
      return passed(outcome);
    case "error":
      return failed(outcome);
  }
}

const LONGER: Mend = { rule: "ttl: 1h" };

function stale({ detail }: Of<"stale">): Judged {
  const by = sentenceOf(staleDetails, detail);
  if (by !== undefined) return [`The stored response is stale. ${by}`, LONGER];
  return detail?.startsWith("origin-") === true
    ? ["The origin failed, and the rules allow the stale response then.", undefined]
    : ["The stored response is stale, and the rules allow it.", LONGER];
}

const MUST_VALIDATE = "A stored response had to be validated.";

function validated({ fwd }: Of<"revalidated">, { validates }: Advised): Judged {
  if (validates === undefined) return ["The origin confirmed the stored response.", undefined];
  const reason = `${MUST_VALIDATE} ${validationDetails[validates]} The origin confirmed it.`;
  return [reason, validationMend(validates, fwd === "request")];
}

function missed(outcome: Of<"miss">, seen: Advised): Judged {
  const { fwd, detail, stored, collapsed } = outcome;
  if (!stored && detail !== undefined && isNotStored(detail))
    return [notStored[detail], notStoredMend(detail, seen)];
  if (seen.validates !== undefined) {
    const reason = `${MUST_VALIDATE} ${validationDetails[seen.validates]} The origin sent another.`;
    return [reason, validationMend(seen.validates, fwd === "request")];
  }
  if (collapsed)
    return ["It came while another request for the same was fetched, and shares its response.", undefined];
  if (detail === "variants") return [VARIANTS, varyMend(seen.vary)];
  switch (fwd) {
    case "uri-miss":
      return isTracked(seen.url)
        ? [
            "Nothing was stored for this URL with this query.",
            { rule: "key: { query: { ignore: [tracking] } }" },
          ]
        : ["Nothing was stored for this URL.", undefined];
    case "vary-miss":
      return [
        "What is stored for this URL is for other values of the fields in `Vary`.",
        varyMend(seen.vary),
      ];
    case "stale":
    case "request":
      return ["The stored response could not be used as it was.", undefined];
    case "partial":
      return ["Only a part of the response was stored.", undefined];
  }
}

const VARIANTS = "The key has as many variants as it may, and this one took the place of another.";

const PASSED = { ...bypassDetails, ...passedDetails } as const;

function passed({ fwd, detail }: Of<"bypass">): Judged {
  if (fwd === "method") return [`The method ${detail ?? "of the request"} is not cached.`, undefined];
  if (detail !== undefined && isPassed(detail)) return [PASSED[detail], bypassMend(detail)];
  const reason = sentenceOf({ ...tunnelDetails, ...ruleDetails }, detail);
  return [reason ?? "The request passed the cache by.", undefined];
}

/** Settings that are limits. */
export const LIMITS: Readonly<Record<string, string>> = {
  "body-too-large": "body-limit",
  "target-too-long": "url-limit",
  "fields-too-large": "fields-limit",
  "memory-short": "memory",
  "origin-places": "origin-places",
  "client-places": "origin-places-per-client",
  "client-requests": "client-requests",
};

function failed({ fwd, detail }: Of<"error">): Judged {
  const ofOrigin = sentenceOf({ ...originErrors, ...tlsErrors }, detail);
  // RFC 5861 section 4: what is stored may answer when the origin fails.
  if (ofOrigin !== undefined) return [ofOrigin, fwd === "stale" ? { rule: "stale-if-error: 1d" } : undefined];
  const [word = ""] = detail.split(":", 1);
  const limit = LIMITS[word];
  const reason = sentenceOf({ ...edgeErrors, ...refusals, ...ruleDetails }, word);
  return [
    reason ?? `The edge answered with an error: ${detail}.`,
    limit === undefined ? undefined : { larger: limit },
  ];
}

function sentenceOf(table: Readonly<Record<string, string>>, word: string | undefined): string | undefined {
  return word !== undefined && Object.hasOwn(table, word) ? table[word] : undefined;
}

function isNotStored(word: string): word is NotStored {
  return Object.hasOwn(notStored, word);
}

function isPassed(word: string): word is keyof typeof PASSED {
  return Object.hasOwn(PASSED, word);
}

/** Paths that mean in a rule what they are: nothing encoded, and no sign of patterns. */
const PLAIN_PATH = /^\w+:\/\/[^/?]*(?<folder>\/(?:[\w.~-]+\/)*)(?<file>[\w.~-]*)(?:\?|$)/;

/** For the rule: the folder with what is below it, or the file itself at the top. */
function patternFor(url: string): string | undefined {
  const { folder, file } = PLAIN_PATH.exec(url)?.groups ?? {};
  if (folder === undefined) return undefined;
  return folder === "/" ? `/${file}` : `${folder}**`;
}
