import { expect } from "chai";
import { RawOrigin } from "../../test/rig/raw-origin.ts";
import { RoutedEdge } from "../../test/rig/routed-edge.ts";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";
import { startTestRouter, type TestRouter } from "../../test/rig/test-router.ts";

describe("admin-cli route", () => {
  let near: RoutedEdge;
  let far: RoutedEdge;
  let router: TestRouter;

  before(async () => {
    near = await RoutedEdge.start("near");
    far = await RoutedEdge.start("far", { pingDelayMs: 60 });
    router = await startTestRouter([far, near], {
      clientRegion: "x-region",
      regions: new Map([["eu", new Set(["far"])]]),
    });
  });
  after(async () => {
    await router.running.stop();
    await Promise.all([near.stop(), far.stop()]);
  });

  const route = (...argv: string[]) =>
    runAdminCli(["route", "--router", new URL(router.admin).host, ...argv]);

  it("prints one JSON document with the edge, the reason and every candidate's figures", async () => {
    const run = await route("http://Site.example/a?b=1", "--json");
    expect(run).to.deep.include({ code: 0, stderr: "" });
    const page = JSON.parse(run.stdout);
    expect(page).to.deep.include({
      url: "/a?b=1",
      host: "Site.example",
      policy: "nearest",
      region: null,
      edge: "near",
      reason: "nearest",
      unreachable: [],
    });
    const [first, second] = page.candidates;
    expect([first.edge, first.share, second.edge, second.share]).to.deep.equal(["near", 1, "far", 0]);
    // A timer may ring a fraction of a millisecond early.
    expect(second.expectedMs).to.be.at.least(59);
    expect(first).to.include({ state: "serving", ejected: false, loss: 0, readiness: 1 });
  });

  it("prints a line for each edge, in the order in which they are tried", async () => {
    const { code, stdout } = await route("/");
    expect(code).to.equal(0);
    expect(stdout).to.match(/^edge +near\nbecause +it has the lowest expected time\npolicy +nearest\n\n/);
    expect(stdout).to.match(/^near +serving .*100 % +100 % +0\nfar +serving .* 0 % +100 % +0\n$/m);
  });

  it("asks for a client of a region", async () => {
    const { stdout } = await route("/", "--region", "EU");
    expect(stdout).to.match(/^edge +far\nbecause +it is in the client's region/);
  });

  it("exits with 1 when no edge is alive", async () => {
    const nobody = await startTestRouter([], { edges: { kind: "listed", grpcAddresses: ["127.0.0.1:1"] } });
    const run = await runAdminCli(["route", "/", "--router", new URL(nobody.admin).host]);
    await nobody.running.stop();
    expect(run).to.deep.include({ code: 1, stderr: "" });
    expect(run.stdout).to.match(/^edge +none\nbecause +no edge is alive\n/);
    expect(run.stdout).to.contain("unreachable: ");
  });

  it("exits with 1 and one line when no router answers, or something else does", async () => {
    expect(await runAdminCli(["route", "/", "--router", "127.0.0.1:1"])).to.deep.include({
      code: 1,
      stdout: "",
    });
    const other = await RawOrigin.start((socket) =>
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    );
    const run = await runAdminCli(["route", "/", "--router", other.url.host]);
    await other.stop();
    expect(run).to.deep.include({ code: 1, stdout: "" });
    expect(run.stderr).to.match(/^admin-cli: .* is not the operator port of an edgeCache router: .*\n$/);
  });

  it("refuses what is no URL and no address before it asks", async () => {
    for (const [argv, message] of [
      [["/a", "/b"], 'route: takes one URL or path, got "/b"'],
      [[], "route: takes one URL or path, got nothing"],
      [["no-path"], 'url: must be a path beginning with "/" or an http(s) URL, got "no-path"'],
      [["/", "--router", "8090"], '--router: must be host:port, such as 127.0.0.1:8090, got "8090"'],
    ] as const) {
      expect(await runAdminCli(["route", ...argv])).to.deep.equal({
        code: 2,
        stdout: "",
        stderr: `admin-cli: ${message}\n`,
      });
    }
  });
});
