import { expect } from "chai";
import fc from "fast-check";
import { formatHttpDate } from "../../http/message/date.ts";
import { Fields } from "../../http/message/fields.ts";
import { type RequestHead, RequestHeads } from "../../http/message/request-head.ts";
import type { AnswerFinder } from "../../http/server/answer-at-once.ts";
import { HttpDate } from "../../http/server/date-field.ts";
import { KEEP_ALIVE } from "../../http/server/exchange-streams.ts";
import { peerAt } from "../../http/server/peer.ts";
import { TrustedProxies } from "../../http/server/trusted-proxies.ts";
import { createLog } from "../../process/log.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { type CacheContext, cacheOf } from "../cache/context.ts";
import { serve } from "../cache/serve.ts";
import { presetNames, presetRules } from "../origin/site/preset.ts";
import { Sites } from "../origin/sites.ts";
import { PurgeFollower } from "../purging/follower.ts";
import {
  type CompressRules,
  codingsBy,
  compressedBy,
  contentCodings,
  DELTA,
  type EncodingName,
  encodingNames,
  NO_COMPRESSION,
} from "../rules/compression.ts";
import { DCZ_HEAD } from "../rules/dictionary.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { momentOf } from "../rules/moment.ts";
import { negotiated, offeredFields } from "../rules/negotiation.ts";
import { plannedFields } from "../rules/planned-response.ts";
import { WIDEST_LIMITS } from "../rules/request-limits.ts";
import { planRequest } from "../rules/site/plan-request.ts";
import { NO_PLAN } from "../rules/site/plan-response.ts";
import { RuleBook } from "../rules/site/rule-book.ts";
import { NOTHING_SIGNED, SignedUrls } from "../rules/site/signed-urls.ts";
import type { SiteRule } from "../rules/site/site-rule.ts";
import { SAFE_RULES, type SiteRules } from "../rules/site-rules.ts";
import { selectingFields } from "../rules/vary.ts";
import { inOwnMemory } from "../store/own-memory.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import { Addressing } from "./addressing.ts";
import { HitPath } from "./hit-path.ts";
import { responseHead } from "./response-head.ts";
import { SlowClients } from "./slow-clients.ts";

const NOBODY = new TrustedProxies([]);
const PEER = peerAt("192.0.2.7", "https", NOBODY);
const SITE = "default";
/** The hash of it. */
const DICTIONARY = Buffer.alloc(32, "dictionary");
const ALL_CODINGS: CompressRules = { ...NO_COMPRESSION, codings: contentCodings, minSize: 1 };

/** One edge with an empty store, and the two ways in which it answers. */
class TwoPaths {
  readonly clock = new ManualClock();
  readonly edge: CacheContext;
  readonly follower: PurgeFollower;
  readonly compress: CompressRules;
  readonly book: RuleBook;
  readonly #log = createLog("test", "silent");
  readonly #purgeLog = new MemoryPurgeLog(this.clock);
  readonly #addressing: Addressing;
  readonly #hits: AnswerFinder;
  readonly #heads = new RequestHeads();
  readonly #date = new HttpDate(this.clock);

  /** `compresses`: whether its site has all codings. */
  constructor(compresses: boolean, written: readonly SiteRule[] = [], gate: Partial<SiteRules> = {}) {
    const { clock } = this;
    const log = this.#log;
    const store = memoryStore(2 ** 24, clock);
    this.follower = new PurgeFollower({ leaseMs: 2_000, purgeLog: this.#purgeLog, store, clock, log });
    this.compress = compresses ? ALL_CODINGS : { ...ALL_CODINGS, codings: [] };
    this.book = new RuleBook(written, () => () => false);
    const rules: SiteRules = { ...SAFE_RULES, ...gate, compress: this.compress, book: this.book };
    const siteRules = new Map([[SITE, rules]]);
    const parts = { id: "edge-1", origins: new Map(), siteRules, store, purges: this.follower, clock, log };
    this.edge = cacheOf(parts, 2 ** 24);
    const origin = { kind: "directory", path: "/" } as const;
    this.#addressing = new Addressing(new Sites([{ name: SITE, hosts: [], origin, rules }]), NOBODY);
    const clients = new SlowClients(store);
    this.#hits = new HitPath(this.edge, this.#addressing, clients, this.#date).for(PEER);
  }

  async start(): Promise<void> {
    await this.follower.start({ edge: "edge-1", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
  }

  async stop(): Promise<void> {
    await this.follower.stop();
    await this.#purgeLog.close();
  }

  put(stored: StoredResponse, request: CacheRequest): void {
    this.edge.store.put(inOwnMemory(stored), negotiated(request, this.compress));
  }

  /** Puts encodings beside everything under a target. */
  encode(target: string, names: readonly EncodingName[]): void {
    for (const stored of this.edge.store.peek(`${SITE} ${target}`)) {
      const encodings = names.map((name) => {
        const coded = name === DELTA ? Buffer.concat([Buffer.from(DCZ_HEAD), DICTIONARY]) : Buffer.from(name);
        return { name, length: coded.byteLength, chunks: [coded] };
      });
      this.edge.store.encode(stored, encodings);
    }
  }

  /** As the data port reads it from the bytes of one connection. */
  read(text: string): RequestHead {
    const read = this.#heads.read(Buffer.from(text, "latin1"));
    if (read.kind !== "head") throw new Error(`no request: ${text}`);
    return read.head;
  }

  /** Of an object. */
  quick(request: RequestHead): string | undefined {
    const answer = this.#hits.find(request);
    return answer === undefined ? undefined : answer.head + textOf([answer.body ?? new Uint8Array()]);
  }

  /** From the memory of the store. */
  lent(request: RequestHead): string | undefined {
    const answer = this.#hits.findLent?.(request);
    if (answer === undefined) return undefined;
    const { begin, behindLines, memory, linesAt, linesEnd, bodyAt, bodyEnd } = answer;
    const [lines, body] = [memory.subarray(linesAt, linesEnd), memory.subarray(bodyAt, bodyEnd)];
    const text = begin + textOf([lines]) + behindLines + textOf([body]);
    expect(answer.copied()).to.equal(true);
    return text;
  }

  get hits(): number {
    return this.edge.counters.get("hits");
  }

  async full(request: RequestHead): Promise<{ outcome: string; bytes: string }> {
    const { method, path, fields } = request;
    const addressed = this.#addressing.of(fields.section, request.host, PEER);
    if (addressed === undefined) throw new Error("no site");
    const asked = { method, target: path, ...addressed, fields: fields.section };
    const served = await serve({ ...asked, body: undefined, left: new AbortController().signal }, this.edge);
    const head = responseHead(served, { edge: this.edge.id, method, date: this.#date.value });
    const { content } = served;
    const chunks = content.kind === "bytes" && head?.length !== "none" ? content.chunks : [];
    return { outcome: served.outcome.kind, bytes: `${head?.text}${KEEP_ALIVE}\r\n${textOf(chunks)}` };
  }
}

function textOf(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString("latin1");
}

const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const maybe = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

/** Lines of a response, as origins and other caches send them, and as nobody should. */
const responseLines = fc
  .record({
    "Cache-Control": oneOf(
      "max-age=60",
      "max-age=60",
      "max-age=60",
      "public, max-age=600",
      "max-age=60, no-cache",
      's-maxage=2, no-cache="set-cookie"',
      "max-age=0, stale-while-revalidate=60",
      "public, max-age=5, immutable",
    ),
    ETag: maybe(oneOf('"a"', 'W/"a"', '"b"', "a")),
    "Last-Modified": maybe(fc.integer({ min: -9, max: 0 }).map((days) => dateIn(days * 86_400))),
    Date: maybe(fc.integer({ min: -4, max: 4 }).map(dateIn)),
    Age: maybe(oneOf("0", "3", "59", "x")),
    "Content-Length": maybe(oneOf("exact", "0", "exact, exact")),
    "Content-Type": maybe(oneOf("text/plain", "text/html; charset=utf-8", "ÿ")),
    "Content-Encoding": maybe(oneOf("gzip", "br")),
    Vary: maybe(
      oneOf("Accept-Encoding", "accept-language, Accept-Encoding", "X-Forwarded-Proto", "User-Agent"),
    ),
    "Cache-Status": maybe(oneOf("far; hit", "]")),
    "X-Cache": maybe(oneOf("HIT")),
    "X-Odd": maybe(oneOf("", "a\tb", "a\0b", "x: y")),
    "Surrogate-Control": maybe(oneOf("max-age=9")),
    "No-Vary-Search": maybe(oneOf("params")),
  })
  .map((record) => Object.entries(record).filter(isGiven));

/** Lines of a request: mostly those of a browser. */
const requestLines = fc
  .record({
    "User-Agent": maybe(oneOf("a", "b")),
    Accept: maybe(oneOf("text/html,*/*;q=0.8")),
    "Accept-Encoding": maybe(oneOf("gzip, br", "br,gzip", "zstd", "identity", "gzip;q=0", "*;q=0.5, gzip")),
    "Accept-Language": maybe(oneOf("de", "en, de;q=0.5")),
    "If-None-Match": rarely(oneOf('"a"', 'W/"a", "c"', '"a-br"', '"b-zstd", "a-gzip"', "*", "x")),
    "If-Modified-Since": rarely(fc.integer({ min: -9, max: 1 }).map((days) => dateIn(days * 86_400))),
    Range: rarely(
      oneOf("bytes=0-1", "bytes=-2", "bytes=9-", "bytes=0-0,2-2", `bytes=${"0-0,".repeat(300)}1-1`, "x"),
    ),
    "If-Range": rarely(oneOf('"a"', '"a-br"', dateIn(-86_400))),
    "Cache-Control": rarely(oneOf("no-cache", "max-age=0", "max-stale", "only-if-cached", "no-store")),
    Pragma: rarely(oneOf("no-cache")),
    "If-Match": rarely(oneOf('"a"')),
    "If-Unmodified-Since": rarely(oneOf(dateIn(0))),
    Via: rarely(oneOf("1.1 router", "1.1 edge-1")),
    "CDN-Loop": rarely(oneOf("edge-1")),
    "EdgeCache-After": rarely(oneOf("1-1", "?")),
    Upgrade: rarely(oneOf("websocket")),
    "Content-Length": rarely(oneOf("0")),
    Authorization: rarely(oneOf("Basic eA==")),
    Cookie: maybe(oneOf("a=b")),
    "X-Forwarded-For": rarely(oneOf("203.0.113.9")),
    "X-Forwarded-Proto": rarely(oneOf("https")),
  })
  .map((record) => Object.entries(record).filter(isGiven));

function rarely<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 19, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

function isGiven(line: [string, string | undefined]): line is [string, string] {
  return line[1] !== undefined;
}

function dateIn(seconds: number): string {
  return formatHttpDate(Date.UTC(2026, 0, 1) + seconds * 1_000);
}

/** As most origins send them. */
function plainly(lines: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  const plain = lines.filter(([name]) => !["Date", "Age", "Cache-Status", "X-Cache", "X-Odd"].includes(name));
  return [...plain, ["Date", dateIn(0)]];
}

/** Fields whose values clients change from request to request. */
const CHANGING = ["User-Agent", "Accept-Encoding", "Accept-Language", "Cookie"] as const;

function withValue(lines: readonly (readonly [string, string])[], [name, value]: readonly [string, string]) {
  const others = lines.filter(([other]) => other !== name);
  const at = lines.findIndex(([other]) => other === name);
  return at < 0 ? [...lines, [name, value] as const] : others.toSpliced(at, 0, [name, value]);
}

/** Lines of a response that the edge may encode, and of requests for it. */
const textLines = fc
  .record({
    "Cache-Control": oneOf("max-age=60", "max-age=600, public"),
    "Content-Type": oneOf("text/plain", "application/json"),
    Date: fc.integer({ min: -4, max: 0 }).map(dateIn),
    ETag: maybe(oneOf('"a"', 'W/"a"', '"b"')),
    "Last-Modified": maybe(fc.integer({ min: -9, max: 0 }).map((days) => dateIn(days * 86_400))),
    "Content-Length": maybe(fc.constant("exact")),
    Vary: maybe(oneOf("accept-language", "Accept-Encoding")),
    "X-Odd": maybe(oneOf("a\tb", "a\0b")),
  })
  .map((record) => Object.entries(record).filter(isGiven));
const linesForText = fc
  .record({
    "Accept-Encoding": maybe(oneOf("gzip, br, zstd", "br", "zstd;q=0.5, gzip", "identity;q=0, br", "*")),
    "Accept-Language": maybe(oneOf("de")),
    "If-None-Match": maybe(oneOf('"a"', '"a-br"', '"b-zstd", "a-gzip"', "*", '"a-br-11"', 'W/"a-dcz"')),
    "If-Modified-Since": rarely(fc.integer({ min: -9, max: 1 }).map((days) => dateIn(days * 86_400))),
    Range: maybe(oneOf("bytes=0-1", "bytes=-2", "bytes=99-", "bytes=0-0,2-2")),
    "If-Range": maybe(oneOf('"a"', '"a-br"', '"a-zstd"', dateIn(-86_400))),
  })
  .map((record) => Object.entries(record).filter(isGiven));

const target = oneOf("/a", "/a?b=1", "/b");

type Lines = fc.Arbitrary<[string, string][]>;

function stepsOf(lines: Lines, asked: Lines, path: fc.Arbitrary<string>) {
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("put" as const),
        target: path,
        status: oneOf(200, 200, 200, 404, 301, 204),
        lines,
        asked,
        body: oneOf("", "hello", "x".repeat(40)),
        isHead: fc.boolean(),
        isPlain: fc.boolean(),
        names: fc.subarray([...encodingNames]),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("ask" as const),
        method: oneOf("GET", "GET", "GET", "HEAD", "OPTIONS"),
        target: path,
        lines: asked,
        like: oneOf("same", "other", "near", "near"),
        value: fc.tuple(oneOf(...CHANGING), oneOf("a", "b", "de", "gzip", "br", "identity")),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: oneOf(1, 400, 1_000, 3_000) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("purge" as const), soft: fc.boolean(), target: path }),
    },
  );
  return fc.array(step, { minLength: 2, maxLength: 24, size: "max" });
}

type Steps = ReturnType<typeof stepsOf> extends fc.Arbitrary<infer T> ? T : never;

interface Compared {
  /** Answers of the hit path, which were those of the full path. */
  taken: number;
  /** Of these, straight from the memory of the store. */
  lent: number;
  /** Of these, in a form that the edge has made. */
  encoded: number;
  /** Of these, as a delta. */
  deltas: number;
}

async function compare(
  steps: Steps,
  compresses: boolean,
  seen: Compared,
  written: readonly SiteRule[] = [],
  gate: Partial<SiteRules> = {},
): Promise<void> {
  const paths = new TwoPaths(compresses, written, gate);
  await paths.start();
  let lines: readonly (readonly [string, string])[] = [];
  for (const each of steps) {
    switch (each.kind) {
      case "wait":
        paths.clock.advance(each.ms);
        break;
      case "purge":
        await paths.edge.store.purge([{ kind: "url", target: each.target }], each.soft ? 0 : undefined);
        break;
      case "put":
        {
          const fields = Fields.of(each.asked);
          const asked: CacheRequest = { method: "GET", site: SITE, target: each.target, fields };
          const plan = planRequest(paths.book, asked);
          if (plan.kind === "answer") break;
          paths.put(responseOf(each, plan.request, paths), plan.request);
          if (codingsBy(paths.compress, plan.request.matched ?? {}).length > 0)
            paths.encode(plan.request.target, each.names);
        }
        break;
      case "ask": {
        if (each.like === "other") lines = each.lines;
        else if (each.like === "near") lines = withValue(lines, each.value);
        const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
        const request = paths.read(`${each.method} ${each.target} HTTP/1.1\r\nHost: a\r\n${text}\r\n`);
        const { hits } = paths;
        const inPlace = paths.lent(request);
        expect(paths.hits).to.equal(inPlace === undefined ? hits : hits + 1);
        const quick = paths.quick(request);
        if (inPlace !== undefined) {
          seen.lent += 1;
          expect(inPlace).to.equal(quick);
        }
        if (quick === undefined) break;
        seen.taken += 1;
        if (quick.includes("; detail=")) seen.encoded += 1;
        if (quick.includes("; detail=dcz")) seen.deltas += 1;
        const { outcome, bytes } = await paths.full(request);
        expect(outcome).to.equal("hit");
        expect(quick).to.equal(withBoundaryOf(quick, bytes));
      }
    }
  }
  await paths.stop();
}

describe("the hit path", () => {
  it("answers with the bytes of the full path, and only what the full path answers from a fresh stored response", async () => {
    const seen: Compared = { taken: 0, lent: 0, encoded: 0, deltas: 0 };
    const steps = stepsOf(responseLines, requestLines, target);
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), (each, compresses) => compare(each, compresses, seen)),
      { numRuns: 300 },
    );
    expect(seen.taken).to.be.greaterThan(20);
    expect(seen.lent, `of ${seen.taken}`).to.be.greaterThan(10);
  });

  it("does so in every form that the edge makes of a body", async () => {
    const seen: Compared = { taken: 0, lent: 0, encoded: 0, deltas: 0 };
    const steps = stepsOf(textLines, linesForText, fc.constant("/a"));
    await fc.assert(
      fc.asyncProperty(steps, (each) => compare(each, true, seen)),
      { numRuns: 300 },
    );
    expect(seen.encoded, `of ${seen.taken}`).to.be.greaterThan(20);
  });
});

/** Some that change what a request gets, in ways that the hit path knows and in ways that it leaves to the full path. */
const someRules: readonly SiteRule[] = [
  { match: {}, key: { query: { ignore: ["b"] } } },
  { match: { path: ["/a/**"] }, key: { query: "none" } },
  { match: {}, cookies: "drop" },
  { match: { header: { "user-agent": ["a"] } }, tags: ["x"] },
  { match: { path: ["/a"] }, rewrite: "/b" },
  { match: { cookie: { a: [] } }, bypass: true },
  { match: { cookie: ["b", "a*"] }, bypass: true },
  { match: { path: ["/**/*a*"] }, bypass: true },
  { match: { path: ["/a/**"] }, bypass: false, cookies: "drop" },
  { match: { query: { b: [] } }, rewrite: "{path}" },
  { match: { header: ["X-Key", "Accept"] }, ttlIfMissing: 0 },
  { match: { method: ["GET"] }, key: { language: ["de", "en"] } },
  { match: {}, key: { device: true } },
  { match: {}, key: { accept: ["webp"] } },
  { match: {}, key: { headers: ["Accept"] } },
  { match: {}, key: { cookies: ["a"] } },
  { match: { path: ["/b"] }, deny: true },
  { match: { path: ["/B"] }, allow: ["192.0.2.0/24"] },
  { match: { query: { b: ["1"] } }, requestHeaders: { set: { "Accept-Encoding": "gzip" } } },
  { match: { host: ["a"] }, requestHeaders: { remove: ["Cache-Control", "Accept-Language"] } },
  { match: { path: ["/a"], query: { b: [] } }, respond: { status: 200, body: "", type: "text/plain" } },
];

describe("the hit path of a site with rules", () => {
  it("answers with the bytes of the full path", async function () {
    this.timeout(60_000);
    const seen: Compared = { taken: 0, lent: 0, encoded: 0, deltas: 0 };
    const steps = stepsOf(responseLines, requestLines, oneOf("/a", "/a?b=1", "/b", "/b?b=1", "/%61"));
    const some = fc.shuffledSubarray([...someRules], { maxLength: 3 });
    const rules = fc.oneof({ weight: 9, arbitrary: some }, fc.constantFrom(...presetNames.map(presetRules)));
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), rules, (each, compresses, written) =>
        compare(each, compresses, seen, written),
      ),
      { numRuns: 250 },
    );
    expect(seen.taken).to.be.greaterThan(20);
    expect(seen.lent, `of ${seen.taken}`).to.be.greaterThan(2);
  });
});

/** Some that change what is compressed. */
const compressingRules: readonly SiteRule[] = [
  { match: {}, compress: true },
  { match: { path: ["/a"] }, compress: ["gzip", "br"] },
  { match: { query: { b: [] } }, compress: false },
  { match: { header: { "accept-language": ["de"] } }, compress: ["br"] },
  { match: { header: ["If-None-Match"] }, compress: false },
  { match: { type: ["application/json"] }, compress: false },
];

const offered = (bytes: Buffer) => `:${bytes.toString("base64")}:`;

const byDictionary: SiteRule = { match: {}, dictionary: "previous" };

/** Lines of clients with all kinds of dictionaries. */
const linesWithDictionary = fc
  .tuple(
    linesForText,
    fc.record({
      "Available-Dictionary": oneOf(offered(DICTIONARY), offered(DICTIONARY), offered(Buffer.alloc(32)), "x"),
      "Sec-Fetch-Site": rarely(oneOf("same-origin", "cross-site")),
      "Sec-Fetch-Mode": rarely(oneOf("no-cors", "navigate", "cors")),
    }),
  )
  .map(([lines, more]) =>
    [...lines, ...Object.entries(more).filter(isGiven)].map(([name, value]): [string, string] =>
      name === "Accept-Encoding" ? [name, `${value}, dcz`] : [name, value],
    ),
  );

/** What a browser sends that has the previous version. */
const linesOfBrowser = fc.constant<[string, string][]>([
  ["Accept-Encoding", "gzip, br, zstd, dcz"],
  ["Available-Dictionary", offered(DICTIONARY)],
]);

describe("the hit path of a site whose rules compress", () => {
  it("answers with the bytes of the full path", async function () {
    this.timeout(60_000);
    const seen: Compared = { taken: 0, lent: 0, encoded: 0, deltas: 0 };
    const steps = stepsOf(textLines, linesForText, oneOf("/a", "/a?b=1", "/b"));
    const rules = fc.shuffledSubarray([...compressingRules], { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), rules, (each, compresses, written) =>
        compare(each, compresses, seen, written),
      ),
      { numRuns: 250 },
    );
    expect(seen.encoded, `of ${seen.taken}`).to.be.greaterThan(2);
  });

  it("does so where a previous version is a dictionary", async function () {
    this.timeout(180_000);
    const seen: Compared = { taken: 0, lent: 0, encoded: 0, deltas: 0 };
    const steps = stepsOf(textLines, fc.oneof(linesWithDictionary, linesOfBrowser), fc.constant("/a"));
    const rules = fc.shuffledSubarray([...compressingRules], { maxLength: 1 });
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), rules, (each, compresses, written) =>
        compare(each, compresses, seen, [byDictionary, ...written]),
      ),
      { numRuns: 250 },
    );
    expect(seen.deltas, `of ${seen.taken}`).to.be.greaterThan(10);
  });
});

describe("the hit path of a site with signed URLs and limits", () => {
  it("answers nothing that the full path refuses", async function () {
    this.timeout(60_000);
    const seen: Compared = { taken: 0, lent: 0, encoded: 0, deltas: 0 };
    const targets = oneOf("/a", "/a?b=1", "/b", "/%62", "/a/../b", "/c?c=1234");
    const steps = stepsOf(responseLines, requestLines, targets);
    const signed = new SignedUrls({ ...NOTHING_SIGNED.written, paths: ["/b"] });
    const limits = fc.constantFrom(
      { ...WIDEST_LIMITS, url: "/a?b=1".length },
      { ...WIDEST_LIMITS, fields: 40 },
    );
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), limits, (each, compresses, limits) =>
        compare(each, compresses, seen, [], { signed, limits }),
      ),
      { numRuns: 250 },
    );
    expect(seen.taken).to.be.greaterThan(2);
  });
});

/** The boundary of several parts is random. */
function withBoundaryOf(quick: string, bytes: string): string {
  const boundary = /boundary=(\S+)/;
  const [own, other] = [boundary.exec(quick)?.[1], boundary.exec(bytes)?.[1]];
  return own === undefined || other === undefined ? bytes : bytes.replaceAll(other, own);
}

function responseOf(
  given: {
    readonly status: number;
    readonly lines: readonly (readonly [string, string])[];
    readonly body: string;
    readonly isHead: boolean;
    readonly isPlain: boolean;
  },
  asked: CacheRequest,
  { clock, compress }: TwoPaths,
): StoredResponse {
  const { status } = given;
  const { target: path } = asked;
  const body = Buffer.from(given.body);
  const exact = String(body.length);
  const lines = given.isPlain ? plainly(given.lines) : given.lines;
  const sent = Fields.of(lines.map(([name, value]) => [name, value.replaceAll("exact", exact)]));
  const fields = plannedFields(sent, NO_PLAN, asked.matched?.varies ?? []);
  const request = negotiated(asked, compress);
  const offered = offeredFields({ status, fields }, compressedBy(compress, asked.matched ?? {}), path);
  const selecting = selectingFields(offered, request);
  if (selecting === "never") throw new Error("Vary is not to be *");
  const now = momentOf(clock);
  return storedResponse(path, {
    status,
    fields: offered,
    requestTime: now,
    responseTime: now,
    selecting,
    chunks: body.length === 0 ? [] : [body],
    bodyLength: body.length,
    method: given.isHead && given.status === 404 ? "HEAD" : "GET",
  });
}
