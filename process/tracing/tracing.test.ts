import { resolve } from "node:path";
import { expect } from "chai";
import { runCommand } from "../../test/rig/run-command.ts";

const ROOT = resolve(import.meta.dirname, "../..");
// Writes the address of each module of OpenTelemetry's SDK that is loaded.
const WATCH = `data:text/javascript,import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) {
  if (/opentelemetry.(sdk|resources|otlp|exporter)/.test(url)) process.stdout.write("loaded " + url + "\\n");
  return next(url, context);
} });`;

describe("OpenTelemetry", function () {
  this.timeout(60_000);

  const loadedBy = async (...command: readonly string[]) => {
    const run = await runCommand(process.execPath, ["--import", WATCH, ...command], ROOT, {});
    return run.stdout.split("\n").filter((line) => line.startsWith("loaded "));
  };

  for (const program of ["edge", "router"])
    it(`is not loaded by the ${program} where traces are off`, async () => {
      expect(await loadedBy(`${program}/main.ts`, "--help")).to.deep.equal([]);
    });

  it("is loaded by the part that sends spans", async () => {
    expect(await loadedBy("process/tracing/otlp-output.ts")).to.not.deep.equal([]);
  });
});
