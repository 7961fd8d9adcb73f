import { expect } from "chai";
import { type Case, conformanceCase } from "./case.ts";
import { Harness, PROTOCOLS } from "./harness.ts";
import { KNOWN_GAPS } from "./known-gaps.ts";
import { TOPICS } from "./topics.ts";

describe("the edge as an HTTP cache by the book", () => {
  for (const [how, protocol, workers] of [
    ...PROTOCOLS.map((protocol) => [protocol, protocol, 1] as const),
    ["http/1.1 and two threads", "http/1.1", 2] as const,
  ])
    for (const [topic, cases] of TOPICS) {
      describe(`${topic}, by ${how}`, () => {
        let harness: Harness;
        before(async () => {
          harness = await Harness.start(protocol, workers);
        });
        after(() => harness.stop());

        for (const each of cases) {
          it(`${each.title} (${each.rule}) [${each.kind} ${each.id}]`, async () => {
            const found = await harness.run(each);
            const gap = KNOWN_GAPS.get(each.id);
            if (gap === undefined) expect(found, each.id).to.equal(undefined);
            else expect(found, `no gap any more, so it must leave the list: ${gap}`).to.be.a("string");
          });
        }
      });
    }

  it("has its cases each once, and gaps only among them", () => {
    const ids = [...TOPICS.values()].flat().map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    expect(ids).to.include.members([...KNOWN_GAPS.keys()]);
  });
});

describe("the conformance harness", () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start();
  });
  after(() => harness.stop());

  const differs = (title: string, exchanges: Case["exchanges"], found: RegExp) =>
    it(title, async () => {
      expect(await harness.run(conformanceCase("check", "self", title, "none", exchanges))).to.match(found);
    });
  const fresh = { reply: { fields: [["Cache-Control", "max-age=60"]] } } as const;

  differs(
    "tells a reuse that was not to be",
    [fresh, { expect: { from: "origin" } }],
    /^exchange 2: it comes from the cache/,
  );
  differs(
    "tells a reuse that did not come",
    [{}, { expect: { from: "cache" } }],
    /^exchange 2: it comes from the origin/,
  );
  differs(
    "tells a missing validation",
    [fresh, { expect: { from: "validation" } }],
    /the origin is not asked/,
  );
  differs("tells another status", [{ expect: { status: 404 } }], /the status is 200, not 404/);
  differs("tells another body", [fresh, { expect: { body: "other" } }], /the body is/);
  differs(
    "tells a field that the origin sent and the edge took",
    [{ reply: { fields: [["Keep-Alive", "timeout=7"]] } }],
    /Keep-Alive arrives as/,
  );
  differs(
    "moves the time on by the pause, and no further",
    [{ ...fresh, pause: 59 }, { expect: { from: "cache" }, pause: 2 }, { expect: { from: "cache" } }],
    /^exchange 3: it comes from the origin/,
  );
});
