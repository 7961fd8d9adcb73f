import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { SAFE_RULES } from "../edge/rules/site-rules.ts";
import { startConfig } from "./config.ts";

function read(...argv: string[]) {
  return startConfig({ argv, env: {}, readFile: () => "" });
}

describe("the settings of the one-command system", () => {
  it("serve the demo site from three edges at three distances", () => {
    const config = read();
    const path = fileURLToPath(new URL("../assets", import.meta.url));
    expect(config.origin).to.deep.equal({ kind: "directory", path });
    expect(config.simulateLatencyMs).to.deep.equal([5, 25, 60]);
    expect(config.ports.edges).to.have.length(3);
    expect(config).not.to.have.property("redis");
  });

  it("take an HTTP origin and a Redis", () => {
    const config = read("--origin", "http://127.0.0.1:8000", "--redis", "redis://127.0.0.1:6379");
    expect([config.origin.kind, config.redis]).to.deep.equal(["http", "redis://127.0.0.1:6379"]);
  });

  it("take the rules of the site that the edges serve", () => {
    expect(read().rules).to.deep.equal(SAFE_RULES);
    expect(read("--set-cookie", "strip").rules).to.deep.equal({ ...SAFE_RULES, setCookie: "strip" });
  });

  it("take the token from the environment or a file, and show none that is wrong", () => {
    const tokenOf = (env: Record<string, string>, argv: readonly string[] = []) =>
      startConfig({ argv, env, readFile: () => "of-the-file\n" }).tokens.token;
    expect(read().tokens.token).to.equal(undefined);
    expect(tokenOf({ EDGECACHE_TOKEN: "s3cret" })?.matches("s3cret")).to.equal(true);
    expect(tokenOf({}, ["--token-file", "/run/token"])?.matches("of-the-file")).to.equal(true);
    expect(() => tokenOf({ EDGECACHE_TOKEN: "two words" })).to.throw(
      "EDGECACHE_TOKEN: must be 1 to 256 printable ASCII characters without blanks, got 9 characters",
    );
  });

  it("take a port from which all others count", () => {
    expect(read("--ports", "18080").ports).to.deep.include({
      router: 18_080,
      routerTls: 18_084,
      routerAdmin: 18_090,
    });
    expect(read("--ports", "18080").ports.edges[2]).to.deep.equal({
      port: 18_083,
      grpcPort: 18_093,
      adminPort: 18_103,
    });
    for (const base of ["1023", "65513", "8080,8081"])
      expect(() => read("--ports", base)).to.throw(
        `--ports: must be a whole number from 1024 to 65512, got "${base}"`,
      );
    expect(() => read("--ports", "18080", "--origin", "http://localhost:18103")).to.throw(
      "must not be a port of this",
    );
  });

  it("refuse other than one latency for each edge", () => {
    expect(() => read("--simulate-latency", "5ms,1s")).to.throw(
      '--simulate-latency: must have one duration for each of the 3 edges, got "5ms,1s"',
    );
  });

  for (const port of [8080, 8081, 8082, 8083]) {
    it(`refuse their own data port ${port} as origin`, () => {
      expect(() => read("--origin", `http://localhost:${port}`)).to.throw(
        "--origin: must not be a port of this system",
      );
    });
  }
});
