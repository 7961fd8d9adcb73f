import { hostOf } from "../../../http/message/authority.ts";
import type { Fields } from "../../../http/message/fields.ts";
import { PathPattern } from "./path-pattern.ts";
import { SeenPath } from "./path-readings.ts";
import { cookiePairsOf, type Pairs, parametersOf } from "./request-pairs.ts";
import type { NamedValues, RuleMatch } from "./site-rule.ts";
import { wildcard } from "./wildcard.ts";

type TextTest = (text: string) => boolean;

/**
 * Which readings of a path must match: its normal form; any, without regard to case, for a rule that guards; or every one,
 * for a rule that lifts a guard.
 */
export type PathReading = "normal" | "any" | "every";

/** The properties of a request that a rule can match. */
export interface MatchedRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: Fields;
  readonly authority?: string;
}

/** The properties of a response that a rule can match. */
export interface MatchedResponse {
  readonly status: number;
  readonly fields: Fields;
}

/** The match of one rule, made ready. */
export class CompiledMatch {
  readonly reading: PathReading;
  readonly #match: RuleMatch;
  readonly #paths: readonly PathPattern[] | undefined;
  readonly #host: TextTest | undefined;
  readonly #methods: ReadonlySet<string> | undefined;
  readonly #query: readonly NamedTest[];
  readonly #header: readonly NamedTest[];
  readonly #cookie: readonly NamedTest[];
  readonly #status: TextTest | undefined;
  readonly #type: TextTest | undefined;

  constructor(match: RuleMatch, reading: PathReading) {
    this.#match = match;
    this.reading = reading;
    this.#paths = match.path?.map((pattern) => new PathPattern(pattern, reading !== "normal"));
    this.#host = anyOf(match.host?.map((pattern) => pattern.toLowerCase()));
    this.#methods = match.method === undefined ? undefined : methodsOf(match.method);
    this.#query = namedTests(match.query);
    this.#header = namedTests(match.header);
    this.#cookie = namedTests(match.cookie);
    this.#status = anyOf(
      match.status?.map((status) => status.toLowerCase()),
      statusTest,
    );
    this.#type = anyOf(match.type?.map((pattern) => pattern.toLowerCase()));
  }

  /** Whether it asks for something beside the path and the query. */
  get isConditional(): boolean {
    const { host, method, header, cookie } = this.#match;
    return [host, method, header, cookie].some((each) => each !== undefined);
  }

  get asksForQuery(): boolean {
    return this.#query.length > 0;
  }

  matchesPath(path: SeenPath): boolean {
    const patterns = this.#paths;
    if (patterns === undefined) return true;
    const matches = (reading: string): boolean => patterns.some((pattern) => pattern.matches(reading));
    switch (this.reading) {
      case "normal":
        return matches(path.normal);
      case "any":
        return path.guarded.some(matches);
      case "every":
        return path.guarded.every(matches);
    }
  }

  /** The same of a path that is read in one way only. */
  matchesPlainPath(path: string): boolean {
    const patterns = this.#paths;
    if (patterns === undefined) return true;
    const read = this.reading === "normal" ? path : path.toLowerCase();
    for (let index = 0; index < patterns.length; index += 1)
      if (patterns[index]?.matches(read) === true) return true;
    return false;
  }

  /** Whether a path may match whose second char is this. */
  mayBegin(char: string): boolean {
    const read = this.reading === "normal" ? char : char.toLowerCase();
    return this.#paths?.some((pattern) => pattern.mayBegin(read)) ?? true;
  }

  matchesQuery(target: string): boolean {
    if (this.#query.length === 0) return true;
    const parameters = parametersOf(target);
    return this.#query.every((test) => test.holds(parameters, this.reading === "any"));
  }

  #unmetRest({
    method,
    fields,
    authority = "",
  }: MatchedRequest): "method" | "host" | "header" | "cookie" | undefined {
    if (this.#methods?.has(method) === false) return "method";
    if (this.#host !== undefined && !this.#host(hostOf(authority))) return "host";
    if (!this.#header.every((test) => test.holdsAmong(fields))) return "header";
    if (this.#cookie.length === 0) return undefined;
    const cookies = cookiePairsOf(fields);
    return this.#cookie.every((test) => test.holds(cookies, false)) ? undefined : "cookie";
  }

  /** What it asks of a request beside its path and its query. */
  matchesRest(request: MatchedRequest): boolean {
    return this.#unmetRest(request) === undefined;
  }

  /** The first condition about the request that does not hold. */
  unmet(request: MatchedRequest, path = new SeenPath(request.target)) {
    if (!this.matchesPath(path)) return "path";
    return this.matchesQuery(request.target) ? this.#unmetRest(request) : "query";
  }

  matchesRequest(request: MatchedRequest, path?: SeenPath): boolean {
    return this.unmet(request, path) === undefined;
  }

  matchesResponse({ status, fields }: MatchedResponse): boolean {
    if (this.#status?.(String(status)) === false) return false;
    return this.#type === undefined || this.#type(mediaTypeOf(fields));
  }
}

/** The value of one of these names, or of the names that fit a pattern. */
class NamedTest {
  readonly #names: readonly string[];
  readonly #asWritten: NameTest;
  readonly #anyCase: NameTest;
  readonly #values: readonly TextTest[];

  constructor(names: readonly string[], patterns: readonly string[]) {
    this.#names = names;
    this.#asWritten = nameTest(names);
    this.#anyCase = nameTest(names.map((name) => name.toLowerCase()));
    this.#values = patterns.map(wildcard);
  }

  /** Field names are whole. */
  holdsAmong(fields: Fields): boolean {
    return this.#names.some((name) => {
      const value = fields.get(name);
      return value !== undefined && this.#fits([value]);
    });
  }

  holds(pairs: Pairs, anyCase: boolean): boolean {
    const byName = pairs.byName(anyCase);
    const { plain, isNamed } = anyCase ? this.#anyCase : this.#asWritten;
    for (const name of plain) if (this.#fits(byName.get(name) ?? [])) return true;
    if (isNamed === undefined) return false;
    for (const [name, values] of byName) if (isNamed(name) && this.#fits(values)) return true;
    return false;
  }

  #fits(values: readonly string[]): boolean {
    if (this.#values.length === 0) return values.length > 0;
    return values.some((value) => this.#values.some((test) => test(value)));
  }
}

interface NameTest {
  /** Names that are no pattern. */
  readonly plain: readonly string[];
  readonly isNamed: TextTest | undefined;
}

function nameTest(names: readonly string[]): NameTest {
  const patterns = names.filter((name) => name.includes("*"));
  return {
    plain: names.filter((name) => !name.includes("*")),
    isNamed: patterns.length === 0 ? undefined : oneOf(patterns),
  };
}

/** All of them must hold. */
function namedTests(values: NamedValues = {}): readonly NamedTest[] {
  if (isList(values)) return [new NamedTest(values, [])];
  return Object.entries(values).map(([name, patterns]) => new NamedTest([name], patterns));
}

function isList(values: NamedValues): values is readonly string[] {
  return Array.isArray(values);
}

function oneOf(patterns: readonly string[], testOf = wildcard): TextTest {
  const tests = patterns.map(testOf);
  return (text) => tests.some((test) => test(text));
}

function anyOf(patterns: readonly string[] | undefined, testOf = wildcard): TextTest | undefined {
  return patterns === undefined ? undefined : oneOf(patterns, testOf);
}

function statusTest(pattern: string): TextTest {
  return pattern.endsWith("xx")
    ? (status) => status.startsWith(pattern.slice(0, 1))
    : (status) => status === pattern;
}

/** RFC 9110 section 9.3.2: HEAD is GET without the content, so a rule for one is for both. */
function methodsOf(methods: readonly string[]): ReadonlySet<string> {
  return new Set(
    methods.flatMap((method) => (method === "GET" || method === "HEAD" ? ["GET", "HEAD"] : method)),
  );
}

function mediaTypeOf(fields: Fields): string {
  return (fields.get("Content-Type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}
