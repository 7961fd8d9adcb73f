import type { Fields } from "../../../http/message/fields.ts";
import { PathPattern } from "./path-pattern.ts";
import { SeenPath } from "./path-readings.ts";
import { cookiePairsOf, type Pairs, parametersOf } from "./request-pairs.ts";
import type { NamedValues, RuleMatch } from "./site-rule.ts";
import { wildcard } from "./wildcard.ts";

type TextTest = (text: string) => boolean;

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
  readonly #match: RuleMatch;
  readonly #paths: readonly PathPattern[] | undefined;
  readonly #guards: boolean;
  readonly #host: TextTest | undefined;
  readonly #methods: ReadonlySet<string> | undefined;
  readonly #query: readonly NamedTest[];
  readonly #header: readonly NamedTest[];
  readonly #cookie: readonly NamedTest[];
  readonly #status: TextTest | undefined;
  readonly #type: TextTest | undefined;

  /** `guards`: it matches by any reading of the path, and without regard to case. */
  constructor(match: RuleMatch, guards: boolean) {
    this.#match = match;
    this.#guards = guards;
    this.#paths = match.path?.map((pattern) => new PathPattern(pattern, guards));
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
    if (!this.#guards) return patterns.some((pattern) => pattern.matches(path.normal));
    return patterns.some((pattern) => path.guarded.some((reading) => pattern.matches(reading)));
  }

  /** The same of a path that is read in one way only. */
  matchesPlainPath(path: string): boolean {
    const patterns = this.#paths;
    if (patterns === undefined) return true;
    const read = this.#guards ? path.toLowerCase() : path;
    for (let index = 0; index < patterns.length; index += 1)
      if (patterns[index]?.matches(read) === true) return true;
    return false;
  }

  /** Whether a path may match whose second char is this. */
  mayBegin(char: string): boolean {
    const read = this.#guards ? char.toLowerCase() : char;
    return this.#paths?.some((pattern) => pattern.mayBegin(read)) ?? true;
  }

  matchesQuery(target: string): boolean {
    return (
      this.#query.length === 0 || this.#query.every((test) => test.holds(parametersOf(target), this.#guards))
    );
  }

  #unmetRest({
    method,
    fields,
    authority = "",
  }: MatchedRequest): "method" | "host" | "header" | "cookie" | undefined {
    if (this.#methods?.has(method) === false) return "method";
    if (this.#host !== undefined && !this.#host(hostOf(authority))) return "host";
    if (!this.#header.every((each) => each.test(fields.get(each.name)))) return "header";
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

/** The value of one name, or of the names that fit a pattern. */
class NamedTest {
  readonly name: string;
  /** Of a name that is a pattern. */
  readonly #names: { readonly asWritten: TextTest; readonly anyCase: TextTest } | undefined;
  readonly #values: readonly TextTest[];

  constructor(name: string, patterns: readonly string[]) {
    this.name = name;
    if (name.includes("*"))
      this.#names = { asWritten: wildcard(name), anyCase: wildcard(name.toLowerCase()) };
    this.#values = patterns.map(wildcard);
  }

  test(value: string | undefined): boolean {
    return value !== undefined && (this.#values.length === 0 || this.#values.some((test) => test(value)));
  }

  holds(pairs: Pairs, anyCase: boolean): boolean {
    const byName = pairs.byName(anyCase);
    if (this.#names === undefined) {
      const values = byName.get(anyCase ? this.name.toLowerCase() : this.name);
      return values?.some((value) => this.test(value)) === true;
    }
    const isNamed = this.#names[anyCase ? "anyCase" : "asWritten"];
    for (const [name, values] of byName)
      if (isNamed(name) && values.some((value) => this.test(value))) return true;
    return false;
  }
}

function namedTests(values: NamedValues | undefined): readonly NamedTest[] {
  return Object.entries(values ?? {}).map(([name, patterns]) => new NamedTest(name, patterns));
}

function anyOf(patterns: readonly string[] | undefined, testOf = wildcard): TextTest | undefined {
  if (patterns === undefined) return undefined;
  const tests = patterns.map(testOf);
  return (text) => tests.some((test) => test(text));
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

function hostOf(authority: string): string {
  return authority.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
}

function mediaTypeOf(fields: Fields): string {
  return (fields.get("Content-Type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}
