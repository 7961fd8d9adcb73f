import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { EdgeProcess } from "../rig/edge-process.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { until } from "../rig/until.ts";

for (const workers of [1, 2]) {
  describe(`an edge of ${workers} threads whose file of sites changes`, function () {
    this.timeout(30_000);
    let folder: string;
    let config: string;
    let [first, second]: readonly HttpOrigin[] = [];
    let edge: EdgeProcess;
    let agent: Agent;

    const page = (body: string) => ({ fields: [["Cache-Control", "max-age=60"]] as const, body });

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "edgecache-reload-"));
      config = join(folder, "edge.yaml");
      first = await HttpOrigin.start({ "/a": page("a of first"), "/b": page("b of first") });
      second = await HttpOrigin.start({ "/a": page("a of second"), "/b": page("b of second") });
      writeFileSync(
        config,
        `sites:\n  - { name: shop, hosts: [shop.example], origin: ${first.url.origin} }\n`,
      );
      const flags = ["--config", config, "--workers", String(workers)];
      edge = await EdgeProcess.start({ id: "edge-1", origin: undefined, flags });
      agent = new Agent({ keepAlive: true, maxSockets: 1 });
    });
    after(async () => {
      agent.destroy();
      await edge.close();
      await first?.stop();
      await second?.stop();
      rmSync(folder, { recursive: true });
    });

    async function ask(host: string, path: string): Promise<string> {
      const asked = request({ port: edge.httpPort, path, agent, headers: { Host: host } });
      asked.end();
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      return `${answer.statusCode} ${answer.headers["x-cache"]} ${await text(answer)}`;
    }

    const reload = () => runAdminCli(["reload", "--json", "--edge", edge.control]);

    it("asks the new origin, knows the new host, and keeps connections and what it has stored", async () => {
      for (const wanted of ["MISS", "HIT", "HIT"])
        expect(await ask("shop.example", "/a")).to.equal(`200 ${wanted} a of first`);
      expect(await ask("blog.example", "/a")).to.match(/^421 /);
      writeFileSync(
        config,
        `sites:\n  - { name: shop, hosts: [shop.example], origin: ${second?.url.origin} }\n` +
          `  - { name: blog, hosts: [blog.example], origin: ${first?.url.origin} }\nmemory: 32MiB\n`,
      );
      const { code, stdout } = await reload();
      expect(code).to.equal(0);
      const [{ config: digest, ...row }] = JSON.parse(stdout).edges;
      expect(row).to.deep.equal({ edge: "edge-1", problem: null, needsRestart: ["memory"] });
      await until("the new host is known", async () => !(await ask("blog.example", "/b")).startsWith("421"));
      expect(await ask("blog.example", "/b")).to.equal("200 HIT b of first");
      expect(await ask("shop.example", "/a")).to.equal("200 HIT a of first");
      expect(await ask("shop.example", "/b")).to.equal("200 MISS b of second");
      const edges = await runAdminCli(["edges", "--json", "--edge", edge.control]);
      expect(JSON.parse(edges.stdout).edges[0].config).to.equal(digest);
    });

    it("refuses a wrong file whole, says what is wrong, and goes on", async () => {
      writeFileSync(config, "sites:\n  - { name: shop, hosts: [news.example], origin: /no/such/folder }\n");
      const refused = await reload();
      expect(refused.code).to.equal(1);
      expect(JSON.parse(refused.stdout).edges[0].problem).to.contain("/no/such/folder");
      writeFileSync(config, "sites:\n  - { name: shop, hots: [news.example], origin: http://a.example }\n");
      expect(JSON.parse((await reload()).stdout).edges[0].problem).to.match(/edge.yaml.*hots/);
      expect(await ask("shop.example", "/a")).to.equal("200 HIT a of first");
      expect(await ask("news.example", "/a")).to.match(/^421 /);
    });

    it("loses no request while it is told to reload again and again", async () => {
      const file = (origin: string) =>
        `sites:\n  - { name: shop, hosts: [shop.example], origin: ${origin} }\n`;
      let [asked, going] = [0, true];
      const asking = (async () => {
        while (going) {
          asked += 1;
          const answer = await ask("shop.example", asked % 2 === 0 ? "/a" : `/b?${asked}`);
          expect(answer).to.match(/^(200|404) /);
        }
      })();
      for (let i = 0; i < 5; i += 1) {
        writeFileSync(config, file((i % 2 === 0 ? first : second)?.url.origin ?? ""));
        expect((await reload()).code).to.equal(0);
      }
      going = false;
      await asking;
      expect(asked).to.be.greaterThan(5);
    });
  });
}

describe("an edge that follows its file", () => {
  it("reloads by itself when the file has changed, and goes on while it is wrong", async () => {
    const folder = mkdtempSync(join(tmpdir(), "edgecache-follow-"));
    const config = join(folder, "edge.yaml");
    const site = (host: string) => `sites:\n  - { name: a, hosts: [${host}], origin: ${folder} }\n`;
    writeFileSync(config, site("a.example"));
    const flags = ["--config", config, "--follow-config"];
    const edge = await EdgeProcess.start({ id: "edge-1", origin: undefined, flags });
    const statusOf = async (host: string) => {
      const asked = request({ port: edge.httpPort, path: "/", headers: { Host: host }, agent: false });
      asked.end();
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    expect(await statusOf("b.example")).to.equal(421);
    writeFileSync(config, "sites: nothing\n");
    writeFileSync(config, site("b.example"));
    await until("the new host is known", async () => (await statusOf("b.example")) === 404);
    expect(await statusOf("a.example")).to.equal(421);
    await edge.close();
    rmSync(folder, { recursive: true });
  }).timeout(20_000);
});
