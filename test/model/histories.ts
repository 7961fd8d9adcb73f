import fc from "fast-check";
import type { Asking, History, Publication, Step } from "./history.ts";
import type { Line } from "./message.ts";
import type { PurgeScope } from "./record.ts";

// Few, so that what happens to one matters to the others: a path, the same with a query, and one below it.
const TARGETS = ["/a", "/a?q", "/a/b"] as const;
const TAGS = ["red", "blue"];

const target = fc.constantFrom(TARGETS[0], TARGETS[0], TARGETS[0], TARGETS[1], TARGETS[2]);
// Short lifetimes and short waits, so that they meet.
const seconds = fc.constantFrom(0, 1, 2, 5, 10, 60);

/** `weight` times out of ten it is there. */
function sometimes<T>(weight: number, value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 10 - weight, arbitrary: fc.constant(undefined) }, { weight, arbitrary: value });
}

const responseDirective = fc.oneof(
  { weight: 8, arbitrary: seconds.map((n) => `max-age=${n}`) },
  { weight: 3, arbitrary: seconds.map((n) => `s-maxage=${n}`) },
  { weight: 3, arbitrary: seconds.map((n) => `stale-while-revalidate=${n}`) },
  { weight: 3, arbitrary: seconds.map((n) => `stale-if-error=${n}`) },
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      "no-cache",
      "no-store",
      "private",
      "public",
      "must-revalidate",
      "proxy-revalidate",
      "must-understand",
      "immutable",
      'no-cache="X-Mine"',
      'private="X-Mine"',
      'private=""',
      "Max-Age=5",
      'max-age="5"',
      "max-age=05",
      "max-age=-1",
      "max-age=5.5",
      "max-age=x",
      "max-age",
      "max-age=99999999999",
      "s-maxage=x",
      "x-unknown=1",
    ),
  },
);

const control = fc.oneof(
  { weight: 4, arbitrary: seconds.map((n) => [`max-age=${n}`]) },
  { weight: 2, arbitrary: fc.constant(["max-age=60"]) },
  { weight: 1, arbitrary: fc.constant([]) },
  {
    // Only a soft purge makes these stale soon.
    weight: 2,
    arbitrary: seconds.map((n) => [`max-age=60, stale-while-revalidate=${n}, stale-if-error=${2 * n}`]),
  },
  {
    weight: 4,
    arbitrary: fc.array(responseDirective, { minLength: 1, maxLength: 4 }).map((all) => [all.join(", ")]),
  },
  { weight: 1, arbitrary: fc.array(responseDirective, { maxLength: 2 }) },
);

const targeted = fc.tuple(
  fc.constantFrom("CDN-Cache-Control", "EdgeCache-Cache-Control"),
  fc.oneof(
    seconds.map((n) => `max-age=${n}`),
    seconds.map((n) => `max-age=0, stale-while-revalidate=${n}`),
    fc.constantFrom(
      "no-store",
      "private, max-age=5",
      "no-cache",
      "max-age=5, &",
      "",
      "must-revalidate, max-age=2",
    ),
  ),
);

const publication: fc.Arbitrary<Publication> = fc.record({
  target,
  status: fc.oneof(
    { weight: 12, arbitrary: fc.constant(200) },
    { weight: 6, arbitrary: fc.constantFrom(203, 204, 301, 302, 404, 410, 500, 503) },
  ),
  control,
  targeted: sometimes(1, targeted),
  expires: sometimes(2, fc.oneof(seconds, fc.constantFrom<number | string>(-5, "0", "soon"))),
  age: sometimes(2, fc.constantFrom("0", "3", "30", "2, 9", "-1", "old", "99999999999")),
  date: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.constantFrom(-20, -2, 3, undefined) },
  ),
  tag: fc.constantFrom<Publication["tag"][]>("strong", "strong", "weak", "lasting", undefined),
  modified: sometimes(5, fc.constantFrom(0, 10, 100, 1000)),
  vary: sometimes(
    3,
    fc.constantFrom("Accept-Language", "accept-language , Accept-Encoding", "Accept-Encoding", "X-Any", "*"),
  ),
  cacheTag: sometimes(
    5,
    fc.subarray(TAGS, { minLength: 1 }).map((tags) => tags.join(", ")),
  ),
  padding: fc.constantFrom(0, 5, 40),
  unchanged: fc.oneof(
    { weight: 2, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  bare304: fc.boolean(),
  contentLength: fc.boolean(),
  location: sometimes(3, target),
  hop: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

function line(name: string, ...values: readonly string[]): fc.Arbitrary<Line> {
  return fc.constantFrom(...values).map((value): Line => [name, value]);
}

const requestControl = fc.oneof(
  fc.constantFrom("no-cache", "no-store", "only-if-cached", "max-stale", "max-age=0"),
  seconds.map((n) => `max-age=${n}`),
  seconds.map((n) => `max-stale=${n}`),
  seconds.map((n) => `min-fresh=${n}`),
);

const requestFields = fc
  .tuple(
    sometimes(
      2,
      requestControl.map((value): Line => ["Cache-Control", value]),
    ),
    sometimes(1, line("Pragma", "no-cache")),
    sometimes(1, line("Authorization", "Basic bWU6eW91", "Basic eW91Om1l")),
    sometimes(4, line("Accept-Language", "de", "en", "de, en", "en,de", "DE", "fr;q=0.5")),
    sometimes(3, line("Accept-Encoding", "gzip", "br", "gzip, br", "identity")),
    sometimes(2, line("X-Any", "1", "2", "a b")),
    sometimes(2, line("Range", "bytes=0-3", "bytes=2-", "bytes=-3", "bytes=4-9", "bytes=900-")),
  )
  .map((lines) => lines.filter((each) => each !== undefined));

const asking: fc.Arbitrary<Asking> = fc.record({
  target,
  method: fc.oneof(
    { weight: 14, arbitrary: fc.constant<Asking["method"]>("GET") },
    { weight: 2, arbitrary: fc.constant<Asking["method"]>("HEAD") },
    { weight: 1, arbitrary: fc.constant<Asking["method"]>("POST") },
  ),
  fields: requestFields,
  condition: sometimes(
    3,
    fc.constantFrom<Asking["condition"][]>("If-None-Match", "If-Modified-Since", "If-Range"),
  ),
});

const scope: fc.Arbitrary<PurgeScope> = fc.oneof(
  target.map((each): PurgeScope => ({ kind: "url", target: each })),
  fc.constantFrom("/", "/a/", "/a?").map((prefix): PurgeScope => ({ kind: "prefix", prefix })),
  fc.constantFrom(...TAGS).map((tag): PurgeScope => ({ kind: "tag", tag })),
  fc.constant<PurgeScope>({ kind: "everything" }),
);

const ms = fc.oneof(
  { weight: 4, arbitrary: seconds.map((n) => n * 1000) },
  { weight: 2, arbitrary: fc.constantFrom(1, 999, 1001, 1500, 2500, 4000, 6000) },
  { weight: 1, arbitrary: fc.constant(3_600_000) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: asking.map((each): Step => ({ kind: "ask", asking: each })) },
  { weight: 6, arbitrary: ms.map((each): Step => ({ kind: "wait", ms: each })) },
  { weight: 5, arbitrary: publication.map((each): Step => ({ kind: "publish", publication: each })) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("purge" as const), scope, soft: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step[]>(
      { kind: "origin", state: "unreachable" },
      { kind: "origin", state: "breaking" },
      { kind: "origin", state: "up" },
      { kind: "origin", state: "up" },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Step[]>(
      { kind: "hold", at: "fields" },
      { kind: "hold", at: "content" },
      { kind: "release" },
      { kind: "release" },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step[]>({ kind: "log", reached: false }, { kind: "log", reached: true }),
  },
);

/** Random histories of what clients, the origin, operators and the network do to one edge. */
export const histories: fc.Arbitrary<History> = fc.record({
  leaseMs: fc.constantFrom(1000, 5000, 600_000),
  publications: fc.tuple(
    ...TARGETS.map((each) =>
      publication.map((one): Publication => ({ ...one, target: each, unchanged: false })),
    ),
  ),
  steps: fc.array(step, { minLength: 1, maxLength: 40, size: "max" }),
});
