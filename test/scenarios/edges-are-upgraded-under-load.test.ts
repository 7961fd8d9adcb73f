import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import manifest from "../../package.json" with { type: "json" };
import { type PreviousRelease, previousRelease } from "../rig/previous-release.ts";
import { RoutedSystem } from "../rig/routed-system.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";

// Each edge is started three times, each a second on an idle machine.
const PATIENCE_MS = 120_000;

/** As an operator's `systemctl restart` would; the checkout is the release that is installed. */
const RESTART = "fetch(process.argv[1]).then(({ status }) => process.exit(status === 204 ? 0 : 1))";

describe("edges that are upgraded one after another by admin-cli roll, under load", function () {
  this.timeout(PATIENCE_MS);
  let previous: PreviousRelease;
  let system: RoutedSystem;
  let restarter: Server;
  /** Of the release that a restart brings: undefined is this one. */
  let installed: string | undefined;
  const failures: unknown[] = [];

  before(async () => {
    previous = await previousRelease();
    system = await RoutedSystem.start();
    restarter = createServer(({ url }, response) => {
      restart(url?.slice(1) ?? "").then(
        () => response.writeHead(204).end(),
        (thrown: unknown) => {
          failures.push(thrown);
          response.writeHead(500).end();
        },
      );
    }).listen(0, "127.0.0.1");
    await once(restarter, "listening");
    choose("older");
    await Promise.all(system.edges.map(({ id }) => restart(id)));
  });
  after(async () => {
    restarter.closeAllConnections();
    restarter.close();
    await system.close();
    if (previous.kind === "ready") previous.remove();
  });

  async function restart(id: string): Promise<void> {
    const edge = system.edges.find((one) => one.id === id);
    if (edge === undefined) throw new Error(`there is no edge ${id}`);
    await edge.close();
    edge.checkout = installed;
    await edge.launch();
  }

  /** Without another release here, edges are restarted as they are: that loses nothing either. */
  function choose(release: "older" | "newer"): void {
    installed = release === "older" && previous.kind === "ready" ? previous.folder : undefined;
  }

  /** Resolves with the lines of the roll, and the requests that failed meanwhile. */
  async function roll(): Promise<{ readonly lines: readonly string[]; readonly failed: readonly string[] }> {
    const { port } = restarter.address() as AddressInfo;
    const operators = new URL(system.router.admin).host;
    await using load = system.mixedLoad();
    await load.more(50);
    const options = ["--edge", system.nearest.control, "--router", operators];
    const command = [process.execPath, "-e", RESTART, `http://127.0.0.1:${port}/{edge}`];
    const { stdout, stderr, code } = await runAdminCli(["roll", ...options, "--", ...command]);
    expect(code, `${stdout}${stderr}${failures.join()}`).to.equal(0);
    await load.more(50);
    await load.stop();
    return { lines: stdout.trim().split("\n"), failed: load.broken };
  }

  for (const [release, what] of [
    ["newer", "to this release"],
    ["older", "back to the release before"],
  ] as const) {
    it(`lose no request on the way ${what}`, async () => {
      choose(release);
      const { lines, failed } = await roll();
      expect(lines).to.have.length(system.edges.length);
      if (previous.kind === "ready") {
        const wanted = release === "newer" ? manifest.version : previous.version;
        for (const line of lines) expect(line).to.contain(` to ${wanted}, serves`);
      }
      expect(failed).to.deep.equal([]);
    });
  }
});
