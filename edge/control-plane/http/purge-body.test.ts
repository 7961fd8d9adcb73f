import { expect } from "chai";
import { callFault } from "../call-result.ts";
import { inWordsOfBody, readPurgeBody } from "./purge-body.ts";

describe("the body of POST /purge", () => {
  const read = (body: unknown, key?: string) => readPurgeBody(body, key);
  const problem = (body: unknown, key?: string) => {
    const result = read(body, key);
    return result.ok ? undefined : result.message;
  };

  it("is the purge that gRPC would have, its targets in the order url, prefix, tag", () => {
    const body = {
      urls: ["/a"],
      prefixes: ["/b"],
      tags: ["c"],
      sites: ["shop"],
      soft: true,
      pace: 5,
      wait: "250ms",
      rebound: "1.5s",
      dryRun: true,
    };
    expect(read(body, "release-7")).to.deep.equal({
      ok: true,
      value: {
        request: {
          purgeId: "release-7",
          targets: [
            { target: { $case: "url", url: "/a" }, site: "shop" },
            { target: { $case: "prefix", prefix: "/b" }, site: "shop" },
            { target: { $case: "tag", tag: "c" }, site: "shop" },
          ],
          soft: true,
          pace: 5,
          wait: { seconds: 0, nanos: 250_000_000 },
          rebound: { seconds: 1, nanos: 500_000_000 },
          dryRun: true,
        },
        targetNames: ["urls[0]", "prefixes[0]", "tags[0]"],
      },
    });
  });

  it("names each target once for each site", () => {
    const result = read({ all: true, sites: ["a", "b"] });
    expect(result.ok && result.value.request.targets).to.deep.equal([
      { target: { $case: "everything", everything: true }, site: "a" },
      { target: { $case: "everything", everything: true }, site: "b" },
    ]);
  });

  it("takes the id of Idempotency-Key, in quotes or not, and of purgeId", () => {
    const id = (key?: string, purgeId?: string) => {
      const result = read({ all: true, ...(purgeId === undefined ? {} : { purgeId }) }, key);
      return result.ok ? result.value.request.purgeId : result.message;
    };
    expect([id('"a-1"'), id("a-1"), id(undefined, "a-1"), id("a-1", "a-1"), id()]).to.deep.equal([
      "a-1",
      "a-1",
      "a-1",
      "a-1",
      "",
    ]);
    expect(id("a-1", "a-2")).to.equal('purgeId: must equal Idempotency-Key, which is a-1: got "a-2"');
    expect(id('""')).to.equal('Idempotency-Key: must not be empty: got ""');
  });

  const bad: readonly (readonly [body: unknown, message: string])[] = [
    [undefined, 'body: must be an object: got "nothing"'],
    [[], 'body: must be an object: got "[]"'],
    [{ urls: "/a" }, 'urls: must be a list of strings: got "/a"'],
    [{ urls: ["/a", 7] }, 'urls[1]: must be a string: got "7"'],
    [{ soft: "yes" }, 'soft: must be true or false: got "yes"'],
    [{ pace: 1.5 }, 'pace: must be a whole number: got "1.5"'],
    [{ all: true, pace: 0 }, 'pace: must be 1 or more: got "0"'],
    [{ all: true, wait: "soon" }, 'wait: must be a duration, such as 500ms, 5s or 1m: got "soon"'],
    [{ all: true, rebound: "1" }, 'rebound: must be a duration, such as 500ms, 5s or 1m: got "1"'],
    [{ all: true, urls: ["/a"] }, 'all: must be the only target, because it purges everything: got "1 more"'],
    [{ urls: [] }, 'body: must name urls, prefixes or tags, or have all: got "nothing"'],
    [{ all: true, sites: [] }, 'sites: must name a site, or be left out: got "[]"'],
  ];
  for (const [body, message] of bad) {
    it(`is refused by field, rule and value: ${JSON.stringify(body)}`, () => {
      expect(problem(body)).to.equal(message);
    });
  }

  it("has no member of another name", () => {
    expect(problem({ url: "/a" })).to.match(/^url: must be one of urls, prefixes, tags, all, .*: got "url"$/);
  });

  it("names up to 1,000 targets, counted once for each site", () => {
    const urls = Array.from({ length: 500 }, (_, i) => `/${i}`);
    expect(problem({ urls, sites: ["a", "b"] })).to.equal(undefined);
    expect(problem({ urls: [...urls, "/x"], sites: ["a", "b"] })).to.equal(
      'body: must name at most 1000 targets, once for each site: got "1002"',
    );
  });

  it("calls things by its own names when the edge refuses one", () => {
    const words = (message: string) =>
      inWordsOfBody(callFault("invalid-argument", message), ["urls[0]", "tags[0]"]);
    expect(words("targets[1].tag: must be short: got x").message).to.equal("tags[0]: must be short: got x");
    expect(words("targets[0].site: must be one of a: got b").message).to.equal(
      "sites: must be one of a: got b",
    );
    expect(words("purge_id: must be new: got x").message).to.equal("Idempotency-Key: must be new: got x");
    expect(words("wait: must be 0s to 60s: got 61s").message).to.equal("wait: must be 0s to 60s: got 61s");
  });
});
