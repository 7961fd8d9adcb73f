import { expect } from "chai";
import { readSettings } from "../settings/read-settings.ts";
import { text } from "../settings/values.ts";
import { callersSection } from "./callers.ts";
import { controlConfigOf } from "./control-config.ts";
import { controlSettings } from "./control-files.ts";

const path = { type: text("a path"), help: "" };
const PROGRAM = {
  name: "edge",
  usage: "",
  summary: "",
  settings: { ...controlSettings, tokenFile: path, readTokenFile: path, callers: callersSection },
} as const;

describe("the table of callers", () => {
  const FLAGS = ["--control-ca", "ca", "--control-cert", "cert", "--control-key", "key"];
  const read = (yaml: string, argv: readonly string[] = FLAGS) => {
    const input = { argv: [...argv, "--config", "edge.yaml"], env: {}, readFile: () => yaml };
    return controlConfigOf(input, readSettings(PROGRAM, input));
  };

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
    ["callers: ann", '1:1: callers: must be a list of callers, got "ann"'],
    ["callers: [ann]", '1:11: callers[0]: must be a map with name and may, got "ann"'],
    [
      "callers: [{name: ann}]",
      "1:11: callers.ann.may: must be a list of rights: read, purge, forget, reload, drain, got nothing",
    ],
    [
      "callers: [{name: ann, may: [write]}]",
      "1:29: callers.ann.may[0]: must be one of read, purge, forget, reload, drain",
    ],
    [
      "callers: [{name: a b, may: []}]",
      "1:12: callers[0].name: must be a subject alternative name without blanks",
    ],
    [
      "callers: [{name: a, may: []}, {name: A, may: []}]",
      '1:32: callers.A.name: must be listed once, got "A"',
    ],
    ["callers: [{name: a, may: [], then: x}]", '1:30: callers.a."then" is not a setting of this program'],
  ];
  for (const [yaml, problem] of refused) {
    it(`refuses ${yaml}`, () => expect(() => read(yaml)).to.throw(`edge.yaml:${problem}`));
  }

  it("needs the certificates", () => {
    expect(read("callers: []\n", []).problems).to.deep.equal([
      "callers: must be given together with --control-ca, --control-cert and --control-key, got no --control-ca",
    ]);
    expect(read("callers: []\n").problems).to.deep.equal([]);
  });

  it("needs all three files", () => {
    expect(read("callers: []\n", FLAGS.slice(0, 4)).problems).to.deep.equal([
      "--control-ca, --control-cert, --control-key: all three must be given, or none, got 2 of them",
    ]);
  });
});
