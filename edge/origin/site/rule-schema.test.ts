import { expect } from "chai";
import { problemsOf, writtenRules } from "../../../test/rig/written-rules.ts";

const one = (rule: string) => problemsOf(`rules:\n  - ${rule}\n`);

describe("the rules of a site, as they are written", () => {
  const refused: readonly [why: string, rule: string, message: string][] = [
    ["that is not a map", "a", "edge.yaml:2:5: rules[0]: must be a map of match and what to do"],
    [
      "with an unknown word",
      "{tll: 1m}",
      'edge.yaml:2:6: rules[0]."tll" is not a setting of this program; did you mean ttl?',
    ],
    [
      "with an unknown word in its match",
      "{match: {paht: /a}, ttl: 1m}",
      'rules[0].match."paht" is not a setting of this program; did you mean path?',
    ],
    ["that does nothing", "{match: {path: /a}}", "rules[0]: must say what to do: one of "],
    [
      "with a path that is none",
      "{match: {path: a}, ttl: 1m}",
      "edge.yaml:2:14: rules[0].match.path[0]: must be a path such as",
    ],
    ["with ** within a segment", "{match: {path: /a**}, ttl: 1m}", "must be a path such as"],
    ["with too many stars", `{match: {path: ${"/*".repeat(17)}}, ttl: 1m}`, "must be a path such as"],
    ["with a long path", `{match: {path: /${"a".repeat(256)}}, ttl: 1m}`, "must be a path such as"],
    ["with a lifetime that is none", "{ttl: soon}", "rules[0].ttl: must be a duration of whole seconds"],
    [
      "with half a second",
      "{browser-ttl: 500ms}",
      "rules[0].browser-ttl: must be 0, or a duration of whole seconds",
    ],
    ["with a status that is none", "{match: {status: 600}, ttl: 1m}", "must be a status from 200 to 599"],
    ["with a negative-ttl of a success", "{negative-ttl: {200: 1m}}", "rules[0].negative-ttl.200: "],
    ["with a negative-ttl of what is never stored", "{negative-ttl: {429: 1m}}", "none that is never stored"],
    [
      "with a field that frames the message",
      "{response-headers: {set: {Content-Length: '1'}}}",
      "none by which HTTP itself works",
    ],
    [
      "with a field value of two lines",
      '{response-headers: {set: {X-A: "a\\r\\nb"}}}',
      "must be a field value",
    ],
    [
      "with two meanings",
      "{no-store: true, ttl: 1m}",
      "edge.yaml:2:6: rules[0].no-store: must not be together with ttl",
    ],
    [
      "with a coding that the edge does not make",
      "{compress: [br, lzma]}",
      "edge.yaml:2:6: rules[0].compress: must be true, false, or a list of zstd, br, gzip, each at most once",
    ],
    [
      "with a coding for responses of a type",
      "{match: {type: image/svg+xml}, compress: [br]}",
      'edge.yaml:2:36: rules[0].compress: must be false in a rule that matches a status or a type: the codings are chosen before there is a response, got ["br"]',
    ],
    [
      "with a dictionary that is none",
      "{dictionary: next}",
      "rules[0].dictionary: must be previous, or left out",
    ],
    [
      "with a dictionary for responses of a type",
      "{match: {type: text/html}, dictionary: previous}",
      "rules[0].dictionary: must not be in a rule that matches a status or a type",
    ],
    [
      "with a dictionary for what is not compressed",
      "{compress: false, dictionary: previous}",
      "rules[0].dictionary: must not be together with compress",
    ],
    [
      "that compresses what passes the cache by",
      "{bypass: true, compress: true}",
      "rules[0].bypass: must not be together with compress",
    ],
    [
      "with a name that is too long",
      `{match: {query: {${"a".repeat(101)}: true}}, ttl: 1m}`,
      "must be a name of 1 to 100 characters",
    ],
    [
      "with a list of no names",
      "{match: {cookie: []}, ttl: 1m}",
      "match.cookie: must have at least one value",
    ],
    [
      "with a guard beside one that is lifted",
      "{bypass: false, no-store: true}",
      "rules[0].bypass: must not be together with no-store",
    ],
    [
      "with two lifetimes",
      "{ttl: 1m, ttl-if-missing: 1m}",
      "rules[0].ttl: must not be together with ttl-if-missing",
    ],
    ["that answers and does more", "{deny: true, ttl: 1m}", "rules[0].deny: must not be together with ttl"],
    ["that redirects and responds", "{redirect: /a, respond: {body: x}}", "must not be together with"],
    [
      "that lets bypass and stores",
      "{bypass: true, ttl: 1m}",
      "rules[0].bypass: must not be together with ttl",
    ],
    [
      "that acts on a request by a status",
      "{match: {status: 404}, bypass: true}",
      "it is done before there is a response",
    ],
    [
      "with a redirect to any host",
      "{match: {path: /a/**}, redirect: 'http://a.example{rest}'}",
      "rules[0].redirect: must be",
    ],
    ["with a redirect of two lines", '{redirect: "/a\\r\\nb"}', "rules[0].redirect: must be"],
    ["with a network that no client fills", "{deny: ['2001:db8::1']}", "an IPv6 network of /64 or larger"],
    ["with a rate that is none", "{limit: {rate: 0/s}}", "rules[0].limit.rate: must be a number of requests"],
    [
      "with a field in the key that a proxy sends",
      "{key: {headers: [X-Forwarded-Host]}}",
      "rules[0].key.headers[0]: must be",
    ],
    [
      "with cookies said twice",
      "{cookies: drop, key: {cookies: [a]}}",
      "rules[0].cookies: must not be together with key",
    ],
    ["with both lists of parameters", "{key: {query: {ignore: [a], keep: [b]}}}", "rules[0].key.query: must"],
  ];
  for (const [why, rule, message] of refused) {
    it(`are refused ${why}`, () => {
      expect(one(rule).join("\n")).to.include(message);
    });
  }

  it("must all be reachable", () => {
    const missed = (first: string, second: string) =>
      problemsOf(`rules:\n  - ${first}\n  - ${second}\n`).filter((line) => line.includes("reachable"));
    for (const [first, second] of [
      ["{name: all, deny: true}", "{match: {path: /a}, ttl: 1m}"],
      ["{match: {path: /a/**}, redirect: /b}", "{match: {path: [/a, /a/b/*.css]}, ttl: 1m}"],
      [
        "{match: {path: /a/**, method: GET}, respond: {body: x}}",
        "{match: {path: /a/b, method: GET}, ttl: 1m}",
      ],
    ] as const)
      expect(missed(first, second), second).to.have.length(1);
    for (const [first, second] of [
      ["{match: {path: /a/**}, deny: true}", "{match: {path: /ab}, ttl: 1m}"],
      ["{match: {path: /a/**}, ttl: 1h}", "{match: {path: /a/b}, ttl: 1m}"],
      ["{match: {path: /a/**, host: x}, deny: true}", "{match: {path: /a/b}, ttl: 1m}"],
      ["{match: {path: /*/a/**}, deny: true}", "{match: {path: /b/a/c}, ttl: 1m}"],
    ] as const)
      expect(missed(first, second), second).to.deep.equal([]);
  });

  it("may be 200, and not 201", () => {
    const many = (count: number) => problemsOf(`rules:\n${"  - ttl: 1m\n".repeat(count)}`);
    expect(many(200)).to.deep.equal([]);
    expect(many(201).join()).to.include("rules: must have at most 200 rules");
  });

  it("are named in problems by their site and their name", () => {
    const file = "sites:\n  - name: shop\n    origin: x\n    rules:\n      - {name: fast, ttl: x}\n";
    expect(problemsOf(file).join()).to.include("edge.yaml:5:22: sites.shop.rules.fast.ttl: must be");
  });

  it("are of one site each when there are sites", () => {
    expect(problemsOf("rules: [{ttl: 1m}]\nsites: [{name: a, origin: x}]\n").join()).to.include(
      "rules: must be",
    );
  });

  it("name origins that their site has", () => {
    const file = (name: string) =>
      `sites: [{name: a, origin: x, origins: {api: http://b}, rules: [{match: {path: /a}, origin: ${name}}]}]\n`;
    expect(problemsOf(file("app")).join()).to.include(
      'sites: origin of the rule rules[0] of "a" must be one of its origins, got "app"',
    );
    expect(problemsOf(file("api")).join()).not.to.include("one of its origins");
  });

  it("take classes of statuses in small letters and in capitals", () => {
    const { book } = writtenRules("rules:\n  - {negative-ttl: {4xx: 1m, 5XX: 1s}}\n");
    expect(book.written[0]?.negativeTtl).to.deep.equal({ "4xx": 60, "5xx": 1 });
  });

  it("take one value like a list of one, and days", () => {
    const { book } = writtenRules(
      "rules:\n  - {match: {path: /a, status: 404, query: q}, ttl: 30d, tags: x}\n",
    );
    const [rule] = book.written;
    expect([rule?.match.path, rule?.match.status, rule?.match.query, rule?.ttl, rule?.tags]).to.deep.equal([
      ["/a"],
      ["404"],
      ["q"],
      { seconds: 2_592_000, override: false },
      ["x"],
    ]);
  });
});
