import { expect } from "chai";
import { runCommand } from "../test/rig/run-command.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** Prints on stderr what a program has loaded, when it ends. */
const COUNT = `data:text/javascript,${encodeURIComponent(`
  import module from "node:module";
  const loaded = [];
  module.registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
  process.on("exit", () => process.stderr.write(JSON.stringify(loaded)));
`)}`;

describe("the start of admin-cli", function () {
  // It starts several programs, on a machine that is busy with other tests.
  this.timeout(60_000);

  const bins = ["admin-cli/bin.mjs", "packaging/edgecache.mjs"];
  for (const bin of bins) {
    const loadedBy = async (...argv: string[]): Promise<string[]> => {
      const { stderr } = await runCommand(process.execPath, ["--import", COUNT, bin, ...argv], ROOT, {});
      return JSON.parse(stderr.slice(stderr.lastIndexOf("[")));
    };

    it(`loads no command and no package for help: ${bin}`, async () => {
      for (const argv of [["help"], ["--help"], ["--version"], []]) {
        const loaded = await loadedBy(...argv);
        expect(loaded.filter((url) => /node_modules|\/commands\/|\/proto\/gen\//.test(url))).to.deep.equal(
          [],
        );
        expect(loaded.some((url) => url.endsWith("admin-cli/main.ts"))).to.equal(true);
      }
    });

    it(`loads only what a command calls: ${bin}`, async () => {
      const commands = (urls: string[]) => urls.filter((url) => url.includes("/admin-cli/commands/"));
      const sign = await loadedBy("sign", "--help");
      expect(commands(sign).map((url) => url.split("/").at(-1))).to.deep.equal(["sign.ts"]);
      expect(sign.filter((url) => url.includes("node_modules"))).to.deep.equal([]);
      const route = await loadedBy("route", "/", "--router", "127.0.0.1:1");
      expect(commands(route).some((url) => url.endsWith("/route.ts"))).to.equal(true);
      expect(route.filter((url) => /@grpc|@bufbuild|\/proto\/gen\//.test(url))).to.deep.equal([]);
    });
  }
});
