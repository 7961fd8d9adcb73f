import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import manifest from "../../package.json" with { type: "json" };
import { EdgeProcess } from "../rig/edge-process.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { previousRelease } from "../rig/previous-release.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { isServing, RouterProcess } from "../rig/router-process.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";

interface Receipt {
  readonly edge: string;
  readonly state: string;
}

const NAMES = ["older", "newer"] as const;
const SOFT = "a URL that only becomes stale";

describe("a fleet of which one edge is of the release before", function () {
  // Five programs are started, each a second on an idle machine.
  this.timeout(60_000);
  const parts = new AsyncDisposableStack();
  let origin: HttpOrigin;
  let redis: RedisServer;
  /** The older edge first. */
  let edges: readonly EdgeProcess[];
  let checkouts: readonly (string | undefined)[];
  let older: string;
  let version = 0;

  before(async function () {
    // npm installs the packages of that release.
    this.timeout(180_000);
    const previous = await previousRelease();
    if (previous.kind === "missing") {
      this.test?.parent?.tests.forEach((test) => {
        test.title += ` (not run: ${previous.why})`;
      });
      return this.skip();
    }
    parts.defer(previous.remove);
    older = previous.version;
    checkouts = [previous.folder, undefined];
    origin = await HttpOrigin.start();
    parts.defer(() => origin.stop());
    redis = await startRedisServer();
    parts.defer(() => redis.close());
    const folder = mkdtempSync(join(tmpdir(), "edgecache-older-"));
    parts.defer(() => rmSync(folder, { recursive: true }));
    const config = join(folder, "edge.yaml");
    writeFileSync(config, `sites:\n  - { name: shop, origin: "${origin.url.origin}" }\n`);
    edges = await Promise.all(
      checkouts.map((checkout, index) => {
        const id = NAMES[index] ?? "newer";
        const flags = ["--config", config];
        const options = { id, origin: undefined, redis: redis.url, leaseMs: 1_000, flags };
        return EdgeProcess.start(checkout === undefined ? options : { ...options, checkout });
      }),
    );
    for (const edge of edges) parts.defer(() => edge.kill());
    edit();
  });
  after(() => parts.disposeAsync());

  function edit(): void {
    version += 1;
    const fields = [
      ["Cache-Control", "max-age=600, stale-while-revalidate=600"],
      ["Surrogate-Key", "news"],
    ] as const;
    origin.answer("/a", { fields, body: `version ${version}` });
  }

  const baseOf = ({ httpPort }: EdgeProcess) => `http://127.0.0.1:${httpPort}`;
  const cliOf = (checkout: string | undefined, argv: readonly string[]) =>
    runAdminCli([...argv, "--json"], undefined, "", checkout);

  it("says in the list of edges which version runs where, and in the diagnosis that they are mixed", async () => {
    const { stdout } = await cliOf(undefined, ["edges", "--edge", edges[1]?.control ?? ""]);
    const seen = JSON.parse(stdout).edges.map(({ edge, state, version: runs }: Record<string, string>) => [
      edge,
      state,
      runs,
    ]);
    expect(seen).to.deep.equal([
      ["newer", "serving", manifest.version],
      ["older", "serving", older],
    ]);
    const told = await cliOf(undefined, ["doctor", "--edge", edges[1]?.control ?? ""]);
    expect(told.stdout).to.contain(older).and.to.contain("version");
  });

  for (const [what, target] of [
    ["a URL", ["/a"]],
    ["a prefix", ["--prefix", "/"]],
    ["a tag", ["--tag", "news"]],
    ["everything", ["--all"]],
    ["a URL of a site by name", ["/a", "--site", "shop"]],
    [SOFT, ["/a", "--soft"]],
  ] as const) {
    for (const [caller, taker] of [
      [0, 1],
      [1, 0],
    ] as const) {
      it(`applies a purge of ${what} at both when the ${NAMES[caller]} CLI calls the ${NAMES[taker]} edge`, async () => {
        for (const edge of edges) await get(baseOf(edge), "/a");
        edit();
        const asked = ["purge", ...target, "--edge", edges[taker]?.control ?? ""];
        const { code, stdout } = await cliOf(checkouts[caller], asked);
        const { outcome, position, edges: receipts } = JSON.parse(stdout);
        expect([code, outcome]).to.deep.equal([0, "applied"]);
        const states = receipts.map(({ edge, state }: Receipt) => `${edge} ${state}`).sort();
        expect(states).to.deep.equal(["newer applied", "older applied"]);
        for (const edge of edges) {
          // After a soft purge only those get the new one at once who name the purge.
          const headers = what === SOFT ? { "EdgeCache-After": position } : {};
          const { text } = await get(baseOf(edge), "/a", { headers });
          expect(text, edge.id).to.equal(`version ${version}`);
        }
      });
    }
  }

  it("answers stats, explain, purges, ping and reload of both versions of the CLI at both edges", async () => {
    for (const checkout of checkouts) {
      for (const { control } of edges) {
        for (const argv of [["stats"], ["explain", "/a"], ["purges"], ["ping"], ["reload"]]) {
          const { code, stderr } = await cliOf(checkout, [...argv, "--edge", control]);
          expect(code, `${argv.join(" ")} at ${control}: ${stderr}`).to.equal(0);
        }
      }
    }
  });

  it("is served by routers of both versions", async () => {
    for (const checkout of checkouts) {
      const router = await RouterProcess.start(["--redis", redis.url], checkout);
      try {
        await router.until("both edges serve", (seen) => edges.every(({ id }) => isServing(seen, id)));
        expect((await get(router.base, "/a")).text).to.equal(`version ${version}`);
      } finally {
        await router.close();
      }
    }
  });
});
