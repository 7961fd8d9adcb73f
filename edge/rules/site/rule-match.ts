import type { Fields } from "../../../http/message/fields.ts";
import { PathPattern } from "./path-pattern.ts";
import { SeenPath } from "./path-readings.ts";
import { cookiesOf, parametersOf } from "./request-pairs.ts";
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

  /** Whether nothing of the response decides. */
  get isDecidedByRequest(): boolean {
    return this.#match.status === undefined && this.#match.type === undefined;
  }

  matchesPath(path: SeenPath): boolean {
    const patterns = this.#paths;
    if (patterns === undefined) return true;
    if (!this.#guards) return patterns.some((pattern) => pattern.matches(path.normal));
    return patterns.some((pattern) => path.guarded.some((reading) => pattern.matches(reading)));
  }

  matchesQuery(target: string): boolean {
    return (
      this.#query.length === 0 || this.#query.every((test) => test.holds(parametersOf(target), this.#guards))
    );
  }

  /** The rest of what it asks of a request. */
  matchesRest({ method, fields, authority = "" }: MatchedRequest): boolean {
    if (this.#methods?.has(method) === false) return false;
    if (this.#host !== undefined && !this.#host(hostOf(authority))) return false;
    if (!this.#header.every(({ name, test }) => test(fields.get(name)))) return false;
    return this.#cookie.length === 0 || this.#cookie.every((test) => test.holds(cookiesOf(fields), false));
  }

  matchesRequest(request: MatchedRequest, path = new SeenPath(request.target)): boolean {
    return this.matchesPath(path) && this.matchesQuery(request.target) && this.matchesRest(request);
  }

  matchesResponse({ status, fields }: MatchedResponse): boolean {
    if (this.#status?.(String(status)) === false) return false;
    return this.#type === undefined || this.#type(mediaTypeOf(fields));
  }
}

/** The value of one name. */
class NamedTest {
  readonly name: string;
  readonly #tests: readonly TextTest[];

  constructor(name: string, patterns: readonly string[]) {
    this.name = name;
    this.#tests = patterns.map(wildcard);
  }

  readonly test = (value: string | undefined): boolean =>
    value !== undefined && (this.#tests.length === 0 || this.#tests.some((test) => test(value)));

  holds(pairs: readonly (readonly [name: string, value: string])[], anyCase: boolean): boolean {
    const named = anyCase ? this.name.toLowerCase() : this.name;
    return pairs.some(([name, value]) => (anyCase ? name.toLowerCase() : name) === named && this.test(value));
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
