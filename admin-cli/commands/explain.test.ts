import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import type { ExplainResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";
import { answer, refusal, type ScratchEdge, startScratchEdge } from "../../test/rig/scratch-edge.ts";

const EXPLAINED: ExplainResponse = {
  edge: "edge-1",
  key: "default /hello.txt",
  next: "hit; ttl=52",
  reason: "the stored response is fresh",
  rules: [
    { rule: "assets", matched: true, because: "", does: ["ttl", "tags"] },
    { rule: "rules[1]", matched: false, because: "path", does: ["bypass"] },
  ],
  target: "/a",
  owner: "edge-2",
  variants: [
    {
      status: 200,
      bodyBytes: 12,
      age: 8,
      ttl: 52,
      freshnessSource: "max-age",
      validator: '"abc"',
      selectingFields: { "accept-encoding": "gzip" },
      tags: ["news"],
      position: "1-4",
      selected: true,
      tier: "memory",
    },
  ],
};

describe("admin-cli explain", () => {
  let edge: ScratchEdge;

  beforeEach(async () => {
    edge = await startScratchEdge("edge-1");
    edge.script.explain = () => answer(EXPLAINED);
  });
  afterEach(() => edge.stop());

  const explain = (...argv: string[]) => runAdminCli(["explain", "--edge", edge.address, ...argv]);

  it("prints the edge's answer as it is with --json", async () => {
    const run = await explain("/hello.txt", "--field", "Accept-Encoding: gzip", "--json");
    expect(edge.explained).to.deep.equal([{ url: "/hello.txt", fields: { "Accept-Encoding": "gzip" } }]);
    expect(run).to.deep.include({ code: 0, stderr: "" });
    expect(JSON.parse(run.stdout)).to.deep.equal(EXPLAINED);
  });

  it("prints the verdict and a line for each stored variant", async () => {
    const { stdout } = await explain("/hello.txt");
    expect(stdout).to.contain("next     hit; ttl=52\nbecause  the stored response is fresh\n");
    expect(stdout).to.contain("\nowner    edge-2\n");
    expect(stdout).to.match(
      /^→ +200 +12 +8 s +52 s +max-age +"abc" +accept-encoding: gzip +news +1-4 +memory$/m,
    );
  });

  it("says when nothing is stored", async () => {
    edge.script.explain = () => answer({ ...EXPLAINED, variants: [] });
    expect((await explain("/hello.txt")).stdout).to.contain("nothing is stored under this key\n");
  });

  it("repeats an edge's refusal in one line", async () => {
    edge.script.explain = () => refusal(status.INVALID_ARGUMENT, "url: no site answers this host: x");
    expect(await explain("http://x/")).to.deep.equal({
      code: 1,
      stdout: "",
      stderr: `admin-cli: ${edge.address} refused the call: url: no site answers this host: x\n`,
    });
  });

  it("refuses two URLs and malformed fields before it calls", async () => {
    expect(await explain("/a", "/b")).to.include({
      code: 2,
      stderr: 'admin-cli: explain: takes one URL or path, got "/b"\n',
    });
    expect(await explain("/a", "--field", "no colon")).to.include({ code: 2, stdout: "" });
    expect(edge.explained).to.have.length(0);
  });

  it("shows the rules only, each with whether it matches and why not", async () => {
    const { code, stdout } = await explain("/a", "--rules");
    expect(code).to.equal(0);
    expect(stdout).to.match(/ assets .*\n.*rules\[1\] .*path.*\nthe target becomes \/a\n$/);
    expect(stdout).to.not.contain("hello.txt");
  });

  it("asks a configuration that is not live yet", async () => {
    const folder = mkdtempSync(join(tmpdir(), "edgecache-explain-"));
    const file = join(folder, "edge.yaml");
    const rule = "{ name: strip, match: { path: /shop/** }, key: { query: { ignore: [utm_*] } } }";
    writeFileSync(file, `sites:\n  - { name: a, hosts: [a.example], origin: ${folder}, rules: [${rule}] }\n`);
    const ask = (...argv: string[]) => runAdminCli(["explain", "--config", file, ...argv]);
    const { code, stdout } = await ask("http://a.example/shop/x?utm_id=1", "--rules");
    expect(code).to.equal(0);
    expect(stdout).to.match(/ strip .*\nthe target becomes \/shop\/x\n$/);
    expect((await ask("http://b.example/")).stderr).to.contain(
      "must be a full URL with a host of one of the sites a",
    );
    writeFileSync(file, "sites: none\n");
    expect((await ask("/")).stderr).to.contain("sites");
    rmSync(folder, { recursive: true });
  }).timeout(20_000);
});
