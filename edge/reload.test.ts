import { expect } from "chai";
import { edgeConfig } from "./config.ts";
import { afterReload, configDigest } from "./reload.ts";

const config = (...argv: string[]) => edgeConfig({ argv, env: {}, readFile: () => "" });

describe("a reload", () => {
  it("takes sites and what they consist of, and names what needs a restart", () => {
    const before = config("--origin", ".", "--memory", "64MiB");
    const read = config("--origin", "/", "--set-cookie", "strip", "--memory", "32MiB", "--port", "0");
    const { config: after, needsRestart } = afterReload(before, read);
    expect(needsRestart).to.deep.equal(["port", "memory"]);
    expect(after.sites).to.deep.equal(read.sites);
    expect(after.memory).to.equal(before.memory);
    expect(configDigest(after)).to.equal(configDigest({ ...read, memory: before.memory }));
  });

  it("takes another simulated latency, unless one of the two is none", () => {
    const far = (...latency: string[]) => config("--origin", ".", ...latency);
    const [one, other, none] = [
      far("--simulate-latency", "1ms"),
      far("--simulate-latency", "2ms"),
      far("--simulate-latency", "0"),
    ];
    expect(afterReload(one, other)).to.deep.equal({ config: other, needsRestart: [] });
    for (const [from, to] of [
      [none, one],
      [one, none],
    ] as const)
      expect(afterReload(from, to)).to.deep.equal({ config: from, needsRestart: ["simulate-latency"] });
  });

  it("changes nothing when nothing was changed", () => {
    const before = config("--origin", ".");
    const { config: after, needsRestart } = afterReload(before, config("--origin", "."));
    expect([needsRestart, configDigest(after)]).to.deep.equal([[], configDigest(before)]);
  });
});

describe("the digest of an edge's settings", () => {
  it("is the same at edges that differ in names, addresses and ports", () => {
    const one = config("--origin", ".", "--id", "a", "--port", "1", "--advertise", "a.example");
    const other = config("--origin", ".", "--id", "b", "--port", "2", "--grpc-port", "3");
    expect(configDigest(one)).to.equal(configDigest(other));
  });

  it("differs when another setting does, in the file too", () => {
    const sites = (more: string) =>
      edgeConfig({
        argv: ["--config", "edge.yaml"],
        env: {},
        readFile: () => `sites:\n  - { name: a, origin: http://a.example${more} }\n`,
      });
    const digests = [
      config("--origin", "."),
      config("--origin", "/"),
      config("--origin", ".", "--lease", "3s"),
      sites(""),
      sites(", set-cookie: strip"),
      sites(", host: origin"),
    ].map(configDigest);
    expect(new Set(digests).size).to.equal(digests.length);
  });
});
