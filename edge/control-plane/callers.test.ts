import { expect } from "chai";
import { NO_CONTROL_FILES } from "../../process/control/control-files.ts";
import { edgeConfig } from "../config.ts";
import { callersProblems } from "./callers.ts";

describe("the table of callers", () => {
  const FLAGS = ["--control-ca", "ca", "--control-cert", "cert", "--control-key", "key", "--origin", "x"];
  const read = (yaml: string, argv = FLAGS) =>
    edgeConfig({ argv: [...argv, "--config", "edge.yaml"], env: {}, readFile: () => yaml });

  it("gives names their rights", () => {
    const { callers, control } = read(
      "callers:\n  - {name: ann, may: [read, purge]}\n  - {name: b, may: []}\n",
    );
    expect(callers).to.deep.equal([
      { name: "ann", may: ["read", "purge"] },
      { name: "b", may: [] },
    ]);
    expect(control).to.deep.equal({ ca: "ca", pair: { cert: "cert", key: "key" } });
  });

  const refused: readonly (readonly [yaml: string, problem: string])[] = [
    ["callers: ann", 'callers: must be a list of callers, got "ann"'],
    ["callers: [ann]", 'callers.0: must be a map with name and may, got "ann"'],
    [
      "callers: [{name: ann}]",
      "callers.0.may: must be a list of rights: read, purge, forget, reload, got nothing",
    ],
    ["callers: [{name: ann, may: [write]}]", "callers.0.may.0: must be one of read, purge, forget, reload"],
    ["callers: [{name: a b, may: []}]", "callers.0.name: must be a subject alternative name without blanks"],
    ["callers: [{name: a, may: []}, {name: A, may: []}]", 'callers.1.name: must be listed once, got "A"'],
    ["callers: [{name: a, may: [], then: x}]", 'callers.0."then" is not a setting of this program'],
  ];
  for (const [yaml, problem] of refused) {
    it(`refuses ${yaml}`, () => expect(() => read(yaml)).to.throw(`edge.yaml: ${problem}`));
  }

  it("needs the certificates, and they need it or a token", () => {
    expect(() => read("callers: []\n", ["--origin", "x"])).to.throw(
      "callers: must be given together with --control-ca",
    );
    expect(() => read("id: edge-1\n")).to.throw(
      "callers: must be given with --control-ca in the configuration file unless there is a token, got nothing",
    );
    const none = { ...NO_CONTROL_FILES, callers: undefined };
    expect(callersProblems({ ...none, controlCa: "ca" }, true)).to.deep.equal([]);
    expect(callersProblems(none, false)).to.deep.equal([]);
  });

  it("needs all three files", () => {
    expect(() => read("callers: []\n", FLAGS.slice(2))).to.throw(
      "--control-ca, --control-cert, --control-key: all three must be given, or none, got 2 of them",
    );
  });
});
