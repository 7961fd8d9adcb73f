import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { WebSocket } from "ws";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { startTestEdge, type TestEdge, type TestEdgeOptions } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";
import { WebSocketOrigin } from "../rig/web-socket-origin.ts";
import { writtenRules } from "../rig/written-rules.ts";

type Line = Readonly<Record<string, unknown>>;

const FRESH = [["Cache-Control", "max-age=60"]] as const;

for (const workers of [1, 2])
  describe(`the access log of an edge with ${workers === 1 ? "one thread" : "several threads"}`, function () {
    this.timeout(60_000);

    let folder: string;
    let path: string;
    let origin: HttpOrigin;
    let edge: TestEdge | undefined;
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "edgecache-access-"));
      path = join(folder, "access.log");
      origin = await HttpOrigin.start({
        "/page": { fields: FRESH, body: "page" },
        "/long": { fields: FRESH, body: "x".repeat(100_000) },
      });
    });
    afterEach(async () => {
      await edge?.stop();
      edge = undefined;
      await origin.stop();
      rmSync(folder, { recursive: true });
    });

    async function start(options: TestEdgeOptions = {}): Promise<TestEdge> {
      edge = await startTestEdge(origin.url, { workers, accessLog: { kind: "file", path }, ...options });
      return edge;
    }
    function lines(of = path): Line[] {
      return readFileSync(of, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    }
    /** So many lines, in the order in which they were written. */
    async function logged(count: number): Promise<Line[]> {
      await until(`there are ${count} lines`, () => lines().length >= count);
      return lines();
    }
    async function get(
      front: string,
      ...asked: (readonly [target: string, fields?: string])[]
    ): Promise<void> {
      const client = await RawConnection.open(front);
      for (const [target, fields = ""] of asked) {
        client.send(`GET ${target} HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n`);
        await client.reply();
      }
      client.destroy();
    }

    it("says how each request was answered, in the words of Cache-Status", async () => {
      const { url } = await start();
      const fields = "User-Agent: u\r\nReferer: http://r.example/\r\n";
      const part = `${fields}Range: bytes=1-2\r\n`;
      // Only the lines of one connection keep their order.
      await get(url, ["/page", fields], ["/page", fields], ["/page", part], ["/none", fields]);
      const all = await logged(4);
      const said = all.map(({ target, status, bytes, outcome, tier, fwd, end }) => [
        target,
        status,
        bytes,
        outcome,
        tier,
        fwd,
        end,
      ]);
      expect(said).to.deep.equal([
        ["/page", 200, 4, "miss", "origin", "uri-miss", "answered"],
        ["/page", 200, 4, "hit", "memory", undefined, "answered"],
        ["/page", 206, 2, "hit", "memory", undefined, "answered"],
        ["/none", 404, 13, "miss", "origin", "uri-miss", "answered"],
      ]);
      for (const line of all) {
        expect(line).to.include({
          method: "GET",
          scheme: "http",
          host: "a.example",
          client: "127.0.0.1",
          protocol: "HTTP/1.1",
          site: "default",
          edge: "edge-1",
          referer: "http://r.example/",
          user_agent: "u",
        });
        expect(line.request_id).to.match(/^[0-9a-f]{32}$/);
        expect(line.duration).to.be.at.least(0);
        expect(line.first_byte).to.be.at.most(Number(line.duration));
      }
      expect(all[0]?.origin).to.be.at.least(0);
      expect(all[1]).to.not.have.property("origin");
      expect(new Set(all.map((line) => line.request_id))).to.have.property("size", 4);
    });

    it("names each request for its client, as the line does, whatever path answers it", async () => {
      origin.answer("/named", (request) => ({
        fields: [...FRESH, ["ETag", '"v"'], ["X-Request-Id", request.header("X-Request-Id") ?? ""]],
        body: "named",
      }));
      const { url } = await start({ requestIdField: true, trustedProxies: [] });
      const client = await RawConnection.open(url);
      const ids: (string | undefined)[] = [];
      const asked = [
        ["GET", "/named"],
        ["GET", "/named"],
        ["HEAD", "/named"],
        ["GET", "/named", "Range: bytes=0-1"],
        ["GET", "/named", 'If-None-Match: "v"'],
        ["GET", "/none"],
      ] as const;
      for (const [method, target, field = "A: b"] of asked) {
        client.send(
          `${method} ${target} HTTP/1.1\r\nHost: a.example\r\nX-Request-Id: forged\r\n${field}\r\n\r\n`,
        );
        ids.push((await client.reply(method)).header("X-Request-Id"));
      }
      client.destroy();
      const all = await logged(asked.length);
      expect(ids).to.deep.equal(all.map((line) => line.request_id));
      expect(new Set(ids).size).to.equal(asked.length);
      expect(all.map(({ status, outcome }) => `${status} ${outcome}`).join()).to.equal(
        "200 miss,200 hit,200 hit,206 hit,304 hit,404 miss",
      );
      expect(origin.requests("/named").map((request) => request.header("X-Request-Id"))).to.deep.equal([
        ids[0],
      ]);
    });

    it("names requests without a log too, as a trusted proxy does, and answers that it makes itself", async () => {
      edge = await startTestEdge(origin.url, {
        workers,
        requestIdField: true,
        trustedProxies: ["127.0.0.1"],
      });
      const client = await RawConnection.open(edge.url);
      const ids: (string | undefined)[] = [];
      for (const field of ["X-Request-Id: of-proxy", "X-Request-Id: again", "A: b"]) {
        client.send(`GET /page HTTP/1.1\r\nHost: a.example\r\n${field}\r\n\r\n`);
        ids.push((await client.reply()).header("X-Request-Id"));
      }
      expect(ids.slice(0, 2)).to.deep.equal(["of-proxy", "again"]);
      expect(ids[2]).to.match(/^[0-9a-f]{32}$/);
      client.destroy();
      expect(origin.requests("/page").map((request) => request.header("X-Request-Id"))).to.deep.equal([
        "of-proxy",
      ]);
      await edge.stop();
      edge = await startTestEdge(origin.url, { workers });
      const plain = await RawConnection.open(edge.url);
      plain.send("GET /page HTTP/1.1\r\nHost: a.example\r\n\r\n");
      expect((await plain.reply()).header("X-Request-Id")).to.equal(undefined);
      plain.destroy();
    });

    it("keeps the order of the requests of a connection, whatever path answers them", async () => {
      const { url } = await start();
      await get(url, ["/page"]);
      const client = await RawConnection.open(url);
      const order = Array.from({ length: 40 }, (_, n) => (n % 4 === 0 ? `/page?${n}` : "/page"));
      client.send(order.map((target) => `GET ${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`).join(""));
      for (const _ of order) await client.reply();
      client.destroy();
      expect((await logged(41)).slice(1).map(({ target }) => target)).to.deep.equal(order);
    });

    it("tells of clients that leave, and of bytes that are no request", async () => {
      const { url } = await start();
      const silent = origin.hold("/page", "fields");
      const leaving = await RawConnection.open(url);
      leaving.send("GET /page HTTP/1.1\r\nHost: a.example\r\n\r\n");
      await origin.received("/page");
      leaving.socket.resetAndDestroy();
      const [left] = await logged(1);
      silent.open();
      expect(left).to.include({ target: "/page", status: 499, bytes: 0, end: "client-left" });
      const broken = await RawConnection.open(url);
      broken.send("NO REQUEST\r\n\r\n");
      await broken.reply();
      broken.destroy();
      const [, refused] = await logged(2);
      expect(refused).to.include({ status: 400, outcome: "error", client: "127.0.0.1" });
      expect(refused).to.not.have.any.keys("target", "tier");
    });

    it("writes a share of the requests, and all that failed", async () => {
      const { url } = await start({ accessLogSample: 0 });
      for (let n = 0; n < 3; n++) await get(url, ["/page"]);
      await get(url, ["/none"]);
      const [only, ...more] = await logged(1);
      expect(only).to.include({ target: "/none", status: 404 });
      expect(more).to.deep.equal([]);
    });

    it("leaves out what it is told to", async () => {
      const { url } = await start({ accessLogOmit: ["client", "query:token"] });
      await get(url, ["/page?token=secret&a=1"]);
      await get(url, ["/page?token=secret&a=1"]);
      const all = await logged(2);
      expect(all.map(({ target }) => target)).to.deep.equal(Array(2).fill("/page?token=...&a=1"));
      for (const line of all) expect(line).to.not.have.property("client");
      expect(readFileSync(path, "utf8")).to.not.include("secret");
    });

    it("names the rules that acted on a request, for hits too", async () => {
      const yaml =
        "rules:\n  - {name: plain, match: {path: /page}, key: {query: {ignore: [n]}}}\n" +
        "  - {name: shut, match: {path: /shut}, deny: true}\n";
      const { url } = await start({ rules: writtenRules(yaml) });
      await get(url, ["/page?n=1"], ["/page?n=2"], ["/long"], ["/long"], ["/page?n=3"], ["/shut"]);
      const said = (await logged(6)).map(({ target, outcome, rules }) => [target, outcome, rules]);
      expect(said).to.deep.equal([
        ["/page?n=1", "miss", "plain"],
        ["/page?n=2", "hit", "plain"],
        ["/long", "miss", undefined],
        ["/long", "hit", undefined],
        ["/page?n=3", "hit", "plain"],
        ["/shut", "error", "shut"],
      ]);
    });

    it("has the fields of each request, though a router gives each another identifier", async () => {
      const { url } = await start();
      const fields = (id: number, agent: string) =>
        `X-Request-Id: id-${id}\r\nUser-Agent: ${agent}\r\nX-N: ${id}\r\n`;
      const agents = ["a", "a", "a", "b", "b", "a", "a"];
      await get(url, ...agents.map((agent, at) => ["/page", fields(at, agent)] as const));
      const said = (await logged(7)).map(({ request_id, user_agent }) => [request_id, user_agent]);
      expect(said).to.deep.equal(agents.map((agent, at) => [`id-${at}`, agent]));
    });

    it("tells of a client that leaves while a hit is on its way to it", async () => {
      const { url } = await start();
      await get(url, ["/long"]);
      const slow = await RawConnection.open(url);
      slow.socket.pause();
      // More than the buffers between the two take.
      const asked = 400;
      slow.send("GET /long HTTP/1.1\r\nHost: a.example\r\n\r\n".repeat(asked));
      await logged(2);
      slow.socket.resetAndDestroy();
      await until("there is such a line", () => lines().some(({ end }) => end === "client-left"));
      const ends = lines().map(({ end }) => end);
      expect(ends.filter((end) => end === "client-left")).to.have.length(1);
      expect(ends.length).to.be.below(asked + 1);
      expect(lines().at(-1)).to.include({ status: 200, outcome: "hit", end: "client-left" });
    });

    it("has a line for a tunnel when it is over", async () => {
      const sockets = await WebSocketOrigin.start();
      edge = await startTestEdge(sockets.url, {
        workers,
        accessLog: { kind: "file", path },
        rules: { ...SAFE_RULES, upgrades: ["websocket"] },
      });
      const client = new WebSocket(`${edge.url.replace("http", "ws")}/chat`);
      await once(client, "open");
      client.send("hello");
      await once(client, "message");
      expect(lines()).to.deep.equal([]);
      client.close();
      const [line] = await logged(1);
      expect(line).to.include({ status: 101, tunnel: "websocket", target: "/chat", outcome: "bypass" });
      expect(line?.bytes).to.be.at.least("hello".length);
      await edge.stop();
      edge = undefined;
      await sockets.stop();
    });

    it("is lost and counted on a full disk, and no request notices", async () => {
      const { url, operator } = await start({ accessLog: { kind: "file", path: "/dev/full" } });
      await get(url, ["/page"], ["/page"], ["/page"]);
      await until("three lines are counted", async () => {
        const metrics = await (await fetch(`${operator}/metrics`)).text();
        return metrics.includes('edgecache_edge_access_log_dropped_total{edge="edge-1"} 3');
      });
    });

    it("is opened again after SIGUSR1", async () => {
      const { url } = await start();
      await get(url, ["/page"]);
      await logged(1);
      renameSync(path, `${path}.1`);
      process.kill(process.pid, "SIGUSR1");
      await until("there is a new file", () => {
        try {
          return lines().length === 0;
        } catch {
          return false;
        }
      });
      await get(url, ["/page"]);
      expect(await logged(1)).to.have.length(1);
      expect(lines(`${path}.1`)).to.have.length(1);
    });

    it("goes on in another file after a reload that names one", async () => {
      const { url, reload } = await start();
      await get(url, ["/page"]);
      await logged(1);
      path = join(folder, "other.log");
      const sites = [
        { name: "default", hosts: [], origin: { kind: "http", url: origin.url }, rules: SAFE_RULES } as const,
      ];
      const { needsRestart } = await reload({ sites, accessLog: { kind: "file", path } });
      expect(needsRestart).to.deep.equal([]);
      await until("there is a new file", () => {
        try {
          return lines().length === 0;
        } catch {
          return false;
        }
      });
      await get(url, ["/page"]);
      expect(await logged(1)).to.have.length(1);
      const off = await reload({ sites, accessLog: { kind: "off" } });
      expect(off.needsRestart).to.deep.equal(["access-log"]);
    });
  });
