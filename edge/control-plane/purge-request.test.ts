import { expect } from "chai";
import type { PurgeRequest, PurgeTarget } from "../../proto/gen/edgecache/v1/edge.ts";
import { Sites } from "../origin/sites.ts";
import { readPurgeRequest } from "./purge-request.ts";

const origin = { kind: "directory", path: "/nowhere" } as const;
const oneSite = new Sites([{ name: "default", hosts: [], origin }]);
const twoSites = new Sites([
  { name: "shop", hosts: ["shop.example"], origin },
  { name: "blog", hosts: ["blog.example"], origin },
]);

type Target = NonNullable<PurgeTarget["target"]>;

const EMPTY: PurgeRequest = {
  purgeId: "",
  targets: [],
  soft: false,
  wait: undefined,
  dryRun: false,
  rebound: undefined,
  pace: 0,
};

function requestOf(
  target: Target | undefined,
  { site = "", ...more }: Partial<PurgeRequest> & { site?: string } = {},
): PurgeRequest {
  return { ...EMPTY, targets: [{ target, site }], ...more };
}

const url = (text: string): Target => ({ $case: "url", url: text });
const prefix = (text: string): Target => ({ $case: "prefix", prefix: text });
const tag = (text: string): Target => ({ $case: "tag", tag: text });

describe("a purge request", () => {
  describe("is understood", () => {
    const rows: readonly (readonly [what: string, Target, site: string, understood: object])[] = [
      ["a path", url("/a?b=1"), "", { kind: "url", target: "/a?b=1" }],
      ["a path at one site", url("/a"), "blog", { kind: "url", target: "/a", site: "blog" }],
      [
        "a URL, whose host selects the site",
        url("http://shop.example/a"),
        "",
        { kind: "url", target: "/a", site: "shop" },
      ],
      [
        "a URL with its site",
        url("https://SHOP.example:8443/"),
        "shop",
        { kind: "url", target: "/", site: "shop" },
      ],
      ["a prefix", prefix("/im"), "", { kind: "prefix", prefix: "/im" }],
      ["a prefix at one site", prefix("/"), "shop", { kind: "prefix", prefix: "/", site: "shop" }],
      ["a tag", tag("product 7"), "", { kind: "tag", tag: "product 7" }],
      ["a tag of 256 characters", tag("t".repeat(256)), "", { kind: "tag", tag: "t".repeat(256) }],
      ["everything", { $case: "everything", everything: true }, "", { kind: "everything" }],
      [
        "everything of a site",
        { $case: "everything", everything: true },
        "shop",
        { kind: "everything", site: "shop" },
      ],
    ];
    for (const [what, target, site, understood] of rows) {
      it(`when it names ${what}`, () => {
        const read = readPurgeRequest(requestOf(target, { site }), twoSites);
        expect(read.ok && read.value.targets).to.deep.equal([understood]);
      });
    }

    it("with an id of its own or without, soft or not, dry or not, and with 5 s to wait unless it says otherwise", () => {
      expect(readPurgeRequest(requestOf(url("/a")), oneSite)).to.deep.equal({
        ok: true,
        value: {
          purgeId: "",
          targets: [{ kind: "url", target: "/a" }],
          soft: false,
          waitMs: 5_000,
          dryRun: false,
          reboundMs: undefined,
          pace: undefined,
        },
      });
      const wait = { seconds: 1, nanos: 500_000_000 };
      const read = readPurgeRequest(
        requestOf(url("/a"), { purgeId: "A.z_0-9", soft: true, dryRun: true, wait }),
        oneSite,
      );
      expect(read.ok && read.value).to.include({
        purgeId: "A.z_0-9",
        soft: true,
        dryRun: true,
        waitMs: 1_500,
      });
    });

    it("with any wait from 0 to 60 s", () => {
      for (const seconds of [0, 60]) {
        const read = readPurgeRequest(requestOf(url("/a"), { wait: { seconds, nanos: 0 } }), oneSite);
        expect(read.ok && read.value.waitMs).to.equal(seconds * 1_000);
      }
    });

    it("with any rebound from 0.1 to 300 s", () => {
      for (const [seconds, nanos] of [
        [0, 100_000_000],
        [300, 0],
      ] as const) {
        const read = readPurgeRequest(requestOf(url("/a"), { rebound: { seconds, nanos } }), oneSite);
        expect(read.ok && read.value.reboundMs).to.equal(seconds * 1_000 + nanos / 1e6);
      }
    });

    it("with any pace from 1 to 1000 a second, when it is soft", () => {
      for (const pace of [1, 1_000]) {
        const read = readPurgeRequest(requestOf(url("/a"), { soft: true, pace }), oneSite);
        expect(read.ok && read.value.pace).to.equal(pace);
      }
    });

    it("with a thousand targets", () => {
      const targets = Array.from({ length: 1_000 }, (_, i) => ({ target: url(`/${i}`), site: "" }));
      const read = readPurgeRequest({ ...EMPTY, targets }, oneSite);
      expect(read.ok && read.value.targets.length).to.equal(1_000);
    });
  });

  describe("is refused, by field, rule and value", () => {
    const everything: Target = { $case: "everything", everything: true };
    const rows: readonly (readonly [what: string, PurgeRequest, field: string, value: string])[] = [
      ["no target", EMPTY, "targets: must be 1 to 1000", '"0"'],
      [
        "1001 targets",
        { ...EMPTY, targets: Array.from({ length: 1_001 }, () => ({ target: url("/a"), site: "" })) },
        "targets: must be 1 to 1000",
        '"1001"',
      ],
      ["a target that names nothing", requestOf(undefined), "targets[0]: must name exactly one of", '"none"'],
      ["an empty url", requestOf(url("")), "targets[0].url: must be a path", '""'],
      ["a relative url", requestOf(url("a/b")), "targets[0].url: must be a path", '"a/b"'],
      ["a url with a space", requestOf(url("/a b")), "targets[0].url", '"/a b"'],
      ["a url with a line break", requestOf(url("/a\r\nb")), "targets[0].url", '"/a\\r\\nb"'],
      ["a url with bytes that are not UTF-8", requestOf(url("/a\ufffd")), "targets[0].url", '"/a\ufffd"'],
      ["a url with a broken escape", requestOf(url("/a%zz")), "targets[0].url", '"/a%zz"'],
      ["a url with a fragment", requestOf(url("/a#b")), "targets[0].url", '"/a#b"'],
      ["a url of another scheme", requestOf(url("ftp://a/b")), "targets[0].url", '"ftp://a/b"'],
      [
        "a url that is too long",
        requestOf(url(`/${"a".repeat(9_000)}`)),
        "targets[0].url",
        `"/${"a".repeat(99)}…"`,
      ],
      [
        "a url of no configured site",
        requestOf(url("http://evil/a")),
        "targets[0].url: must have a host of a configured site",
        '"http://evil/a"',
      ],
      [
        "a url of another site than is named",
        requestOf(url("http://shop.example/a"), { site: "blog" }),
        "targets[0].url: must have a host of the site blog",
        '"http://shop.example/a"',
      ],
      ["an empty prefix", requestOf(prefix("")), 'targets[0].prefix: must begin with "/"', '""'],
      ["a prefix that is no path", requestOf(prefix("a")), 'targets[0].prefix: must begin with "/"', '"a"'],
      ["a prefix with a control character", requestOf(prefix("/\x1b")), "targets[0].prefix", '"/\\u001b"'],
      ["an empty tag", requestOf(tag("")), "targets[0].tag: must be 1 to 256", '""'],
      ["a tag that is too long", requestOf(tag("t".repeat(257))), "targets[0].tag", `"${"t".repeat(100)}…"`],
      ["a tag with a control character", requestOf(tag("a\x7f")), "targets[0].tag", '"a\x7f"'],
      ["a tag with others than ASCII", requestOf(tag("caf\u00e9")), "targets[0].tag", '"caf\u00e9"'],
      [
        "everything that is false",
        requestOf({ $case: "everything", everything: false }),
        "targets[0].everything: must be true",
        '"false"',
      ],
      [
        "an unknown site",
        requestOf(everything, { site: "__proto__" }),
        "targets[0].site: must be one of shop, blog",
        '"__proto__"',
      ],
      [
        "a purge_id with other characters",
        requestOf(everything, { purgeId: "a b" }),
        "purge_id: must be 1 to 64 characters",
        '"a b"',
      ],
      [
        "a purge_id that is too long",
        requestOf(everything, { purgeId: "a".repeat(65) }),
        "purge_id",
        `"${"a".repeat(65)}"`,
      ],
      [
        "a wait over 60 s",
        requestOf(everything, { wait: { seconds: 60, nanos: 1_000_000 } }),
        "wait: must be 0s to 60s",
        '"60.001s"',
      ],
      [
        "a negative wait",
        requestOf(everything, { wait: { seconds: -1, nanos: 0 } }),
        "wait: must be 0s to 60s",
        '"-1s"',
      ],
      [
        "a rebound that is too soon",
        requestOf(everything, { rebound: { seconds: 0, nanos: 99_000_000 } }),
        "rebound: must be 0.1s to 300s",
        '"0.099s"',
      ],
      [
        "a rebound that is too late",
        requestOf(everything, { rebound: { seconds: 301, nanos: 0 } }),
        "rebound: must be 0.1s to 300s",
        '"301s"',
      ],
      [
        "a pace over 1000 a second",
        requestOf(everything, { soft: true, pace: 1_001 }),
        "pace: must be 1 to 1000 requests a second",
        '"1001"',
      ],
      ["a pace of a hard purge", requestOf(everything, { pace: 50 }), "pace: must be used with soft", '"50"'],
    ];
    for (const [what, request, field, value] of rows) {
      it(`for ${what}`, () => {
        const read = readPurgeRequest(request, twoSites);
        const problem = read.ok ? "" : read.message;
        expect(problem.startsWith(field), problem).to.equal(true);
        expect(problem.endsWith(`: got ${value}`), problem).to.equal(true);
      });
    }

    it("at the first target that is wrong", () => {
      const targets = ["/a", "b", "c"].map((text) => ({ target: url(text), site: "" }));
      const read = readPurgeRequest({ ...EMPTY, targets }, oneSite);
      expect(read.ok ? "" : read.message).to.match(/^targets\[1\]\.url: /);
    });
  });
});
