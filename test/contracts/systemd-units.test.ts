import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { edgeConfig, edgeProgram } from "../../edge/config.ts";
import { routerConfig, routerProgram } from "../../router/config.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = join(root, "packaging/systemd");
const EDGE = "edgecache-edge@.service";
const ROUTER = "edgecache-router.service";
const UNITS = [EDGE, ROUTER];
// docs/deploy.md has it. systemd calls everything below 2.0 "OK"; a new version may count other points.
const HIGHEST_EXPOSURE = 1.9;

const textOf = (name: string): string => readFileSync(join(folder, name), "utf8");

/** The settings of a unit by section and name, in their order. systemd.syntax(7), of which the units use this much. */
function parseUnit(text: string): ReadonlyMap<string, readonly string[]> {
  const settings = new Map<string, string[]>();
  let section = "";
  for (const [n, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const header = /^\[(\w+)\]$/.exec(line);
    const setting = /^(\w+)=(.*)$/.exec(line);
    if (header?.[1] !== undefined) section = header[1];
    else if (setting?.[1] !== undefined)
      settings.set(`${section}.${setting[1]}`, [
        ...(settings.get(`${section}.${setting[1]}`) ?? []),
        setting[2] ?? "",
      ]);
    else throw new Error(`line ${n + 1} must be a section or a setting: got ${JSON.stringify(line)}`);
  }
  return settings;
}

const seconds = (unit: ReturnType<typeof parseUnit>, name: string) =>
  Number(unit.get(`Service.${name}`)?.[0]);

describe("the systemd units", () => {
  for (const name of UNITS) {
    describe(name, () => {
      const unit = parseUnit(textOf(name));

      it("waits for the program's own message that it takes traffic, and for more of them", () => {
        expect(unit.get("Service.Type")).to.deep.equal(["notify"]);
        // The sender is a child of the program.
        expect(unit.get("Service.NotifyAccess")).to.deep.equal(["all"]);
        expect(seconds(unit, "WatchdogSec")).to.be.within(10, 60);
        expect(unit.get("Service.Restart")).to.deep.equal(["always"]);
      });

      it("ends the program alone, and gives it the time that it takes by default", () => {
        expect(unit.get("Service.KillMode")).to.deep.equal(["mixed"]);
        // An edge: 1 s of notice, --drain, 2 s for calls. A router: 10 s.
        const takes = name === EDGE ? 1 + edgeProgram.settings.drain.default / 1000 + 2 : 10;
        expect(seconds(unit, "TimeoutStopSec")).to.be.greaterThan(takes);
      });

      it("has the program read its settings again when systemd reloads it", () => {
        expect(unit.get("Service.ExecReload")).to.deep.equal(["/bin/kill -HUP $MAINPID"]);
      });

      it("takes from the program what it does without", () => {
        for (const [setting, value] of [
          ["User", "edgecache"],
          ["NoNewPrivileges", "yes"],
          ["CapabilityBoundingSet", ""],
          ["ProtectSystem", "strict"],
          ["ProtectHome", "yes"],
          ["PrivateDevices", "yes"],
          ["RestrictNamespaces", "yes"],
          ["RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"],
          ["SystemCallArchitectures", "native"],
        ])
          expect(unit.get(`Service.${setting}`), setting).to.deep.equal([value]);
        expect(unit.get("Service.SystemCallFilter")).to.deep.equal([
          "@system-service",
          "~@privileged @resources",
        ]);
      });

      it("leaves it what V8 and the reckoning of memory need", () => {
        for (const setting of ["MemoryDenyWriteExecute", "ProcSubset"])
          expect(unit.has(`Service.${setting}`), setting).to.equal(false);
      });

      it("has nothing that systemd-analyze verify finds", function () {
        check("verify", this);
        const directory = mkdtempSync(join(tmpdir(), "edgecache-units-"));
        try {
          // The program is not installed here, and verify looks for it.
          for (const each of UNITS)
            writeFileSync(
              join(directory, each),
              textOf(each).replaceAll(/^(ExecStart=)\S+/gm, `$1${process.execPath}`),
            );
          const { status, stderr } = spawnSync("systemd-analyze", ["verify", join(directory, name)], {
            encoding: "utf8",
          });
          expect([status, stderr]).to.deep.equal([0, ""]);
        } finally {
          rmSync(directory, { recursive: true });
        }
      });

      it("has the exposure that the guide says, as systemd-analyze security counts it", function () {
        check("security", this);
        const { stdout } = spawnSync(
          "systemd-analyze",
          ["security", "--offline=true", "--no-pager", join(folder, name)],
          {
            encoding: "utf8",
          },
        );
        const level = Number(/Overall exposure level for \S+: (\d+\.\d+)/.exec(stdout)?.[1]);
        expect(level).to.be.within(0, HIGHEST_EXPOSURE);
      });
    });
  }

  it("say the same of both programs about what they may do", () => {
    const [edge, router] = UNITS.map((name) => textOf(name).match(/^NoNewPrivileges=[\s\S]*?(?=\n\n)/m)?.[0]);
    expect(edge).to.be.a("string").and.to.equal(router);
  });

  it("have examples of their settings that the programs take", () => {
    const readFile = (path: string): string => {
      throw new Error(`no file ${path}`);
    };
    const edge = edgeConfig({ argv: [], env: variables("edge-1.env"), readFile });
    expect(edge.sites).to.have.length(1);
    const router = routerConfig({ argv: [], env: variables("router.env"), readFile });
    expect(router.edges.kind).to.equal("discovered");
  });

  it("name in these examples what the programs know", () => {
    const files = { "edge-1.env": edgeProgram, "router.env": routerProgram };
    for (const [file, { name, settings }] of Object.entries(files)) {
      const known = Object.keys(settings).map((key) => key.replaceAll(/[A-Z]/g, "_$&").toUpperCase());
      const names = [...textOf(file).matchAll(/^#?([A-Z_]+)=/gm)].map(([, variable]) => variable);
      for (const variable of names)
        expect(
          [...known, "CONFIG"].map((each) => `${name.toUpperCase()}_${each}`),
          file,
        ).to.include(variable);
    }
  });

  it("have a user of their own, and a folder of settings that only root can write to", () => {
    expect(textOf("edgecache.sysusers.conf")).to.match(/^u edgecache - /m);
    expect(textOf("edgecache.tmpfiles.conf")).to.match(/^d \/etc\/edgecache 0750 root edgecache -$/m);
  });

  it("are all that the folder has", () => {
    expect(readdirSync(folder).sort()).to.deep.equal(
      [...UNITS, "edge-1.env", "edgecache.sysusers.conf", "edgecache.tmpfiles.conf", "router.env"].sort(),
    );
  });

  it("would be found wrong if a line were no setting", () => {
    expect(() => parseUnit("[Service]\nType notify")).to.throw(
      'line 2 must be a section or a setting: got "Type notify"',
    );
  });
});

function check(verb: string, context: Mocha.Context): void {
  if (spawnSync("systemd-analyze", ["--version"]).error === undefined) return;
  if (context.test) context.test.title += ` (needs systemd-analyze for ${verb})`;
  context.skip();
}

/** Those that are not commented out. */
function variables(file: string): Record<string, string> {
  const lines = [...textOf(file).matchAll(/^([A-Z_]+)=(.*)$/gm)];
  return Object.fromEntries(lines.map(([, name = "", value = ""]) => [name, value]));
}
