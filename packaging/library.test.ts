import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  type Edge,
  type EdgeSettings,
  Failure,
  type ListeningAt,
  startEdge,
  startRouter,
} from "./library.ts";

const FREE_PORTS = { port: 0, grpcPort: 0, adminPort: 0, drain: "0ms" } as const;

describe("the library", () => {
  let site: string;
  const running: { stop(): Promise<void> }[] = [];
  const lines: string[] = [];
  const around = { log: (line: string) => void lines.push(line) };
  const url = ({ host, port }: ListeningAt, path: string) => `http://${host}:${port}${path}`;
  const outcome = async (at: ListeningAt, path = "/page.html") => {
    const response = await fetch(url(at, path));
    return `${response.headers.get("x-cache")} ${await response.text()}`;
  };
  const edgeOf = async (settings: EdgeSettings): Promise<Edge> => {
    const edge = await startEdge({ ...FREE_PORTS, origin: site, ...settings }, around);
    running.push(edge);
    return edge;
  };

  beforeEach(() => {
    site = mkdtempSync(join(tmpdir(), "edgecache-library-"));
    writeFileSync(join(site, "page.html"), "one");
    lines.length = 0;
  });

  afterEach(async () => {
    for (const each of running.splice(0).toReversed()) await each.stop();
    rmSync(site, { recursive: true });
  });

  it("starts an edge and a router, which serve, cache and purge", async () => {
    const edge = await edgeOf({ id: "inner" });
    const edges = [`${edge.grpc.host}:${edge.grpc.port}`];
    const router = await startRouter({ port: 0, adminPort: 0, edges }, around);
    running.push(router);
    expect(await outcome(router.http)).to.equal("MISS one");
    expect(await outcome(router.http)).to.equal("HIT one");
    writeFileSync(join(site, "page.html"), "two");
    const purge = {
      method: "POST",
      body: '{"urls":["/page.html"]}',
      headers: { "Content-Type": "application/json" },
    };
    const purged = await fetch(url(edge.admin, "/purge"), purge);
    expect([purged.status, await purged.text()]).to.deep.include(200);
    expect(await outcome(router.http)).to.equal("MISS two");
    expect([edge.id, edge.https, router.https]).to.deep.equal(["inner", undefined, undefined]);
  });

  it("serves a router from several threads, which do not read the variables of the process around it", async () => {
    const edge = await edgeOf({});
    process.env.ROUTER_MODE = "no mode";
    try {
      const edges = [`${edge.grpc.host}:${edge.grpc.port}`];
      const router = await startRouter({ port: 0, adminPort: 0, edges, workers: 2 }, around);
      running.push(router);
      expect(await outcome(router.http)).to.equal("MISS one");
    } finally {
      delete process.env.ROUTER_MODE;
    }
  });

  it("serves in a program that takes more memory than an edge alone would", async () => {
    // More than an edge promises to take with its usual store.
    const taken = Buffer.alloc(700 * 2 ** 20, 1);
    const edge = await edgeOf({ id: "guest" });
    expect(await outcome(edge.http)).to.equal("MISS one");
    expect(taken[0]).to.equal(1);
  });

  it("reads variables only when it is given them", async () => {
    process.env.EDGE_ID = "outer";
    try {
      expect((await edgeOf({})).id).to.equal("edge-1");
      const given = await startEdge({ ...FREE_PORTS, origin: site }, { ...around, env: process.env });
      running.push(given);
      expect(given.id).to.equal("outer");
    } finally {
      delete process.env.EDGE_ID;
    }
  });

  it("takes changed settings while it runs, and names those that need a restart", async () => {
    const edge = await edgeOf({});
    const other = mkdtempSync(join(tmpdir(), "edgecache-library-"));
    try {
      writeFileSync(join(other, "other.html"), "other");
      expect(await edge.reload({ ...FREE_PORTS, origin: other, lease: "3s" })).to.deep.equal(["lease"]);
      expect(await outcome(edge.http, "/other.html")).to.equal("MISS other");
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it("gives the lines of the log to the program around it", async () => {
    const edge = await edgeOf({ logLevel: "info" });
    await edge.reload({ ...FREE_PORTS, origin: site, logLevel: "info" });
    expect(lines.map((line) => JSON.parse(line).msg)).to.include("reloaded");
  });

  it("refuses wrong settings with a Failure that names each", async () => {
    const wrong: Record<string, string> = { port: "x", origin: site, leese: "2s" };
    const thrown = await startEdge(wrong).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(thrown).to.be.instanceOf(Failure);
    expect(String(thrown)).to.contain('--port: must be a whole number from 0 to 65535, got "x"');
    expect(String(thrown)).to.contain("--leese: is not a flag of this program; did you mean --lease?");
  });

  it("rejects when a port is in use, and leaves nothing open", async () => {
    const { port } = (await edgeOf({})).http;
    const thrown = await startEdge({ ...FREE_PORTS, id: "second", origin: site, port }, around).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(thrown).to.be.instanceOf(Failure).and.to.have.property("code", "port-in-use");
  });
});
