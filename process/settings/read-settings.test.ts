import { expect } from "chai";
import { z } from "zod";
import { Failure } from "../failure.ts";
import { setting } from "./program.ts";
import { readSettings } from "./read-settings.ts";
import { redisUrl } from "./redis-url.ts";
import { choice, duration, flag, listOf, port, text } from "./values.ts";

const program = {
  name: "node",
  usage: "npm run node --",
  summary: "A node.",
  settings: {
    id: setting({ type: text("a name", /^[a-z0-9]+$/), default: "one", help: "Its name." }),
    grpcPort: setting({ type: port, default: 50051, help: "Control port." }),
    ttl: setting({ type: duration(0, 60_000), default: 5000, help: "Freshness." }),
    latencies: setting({ type: listOf(duration(0, 1000)), help: "Delays." }),
    redis: setting({ type: redisUrl, help: "The log." }),
    color: setting({ type: choice("red", "a|b"), help: "Colour." }),
    verbose: setting({ type: flag, help: "Says more." }),
    sites: { schema: z.array(z.strictObject({ name: z.string() })), help: "Sites." },
  },
} as const;

const NO_FILE = () => {
  throw new Error("ENOENT: no such file");
};

function read(argv: readonly string[], env: Record<string, string> = {}, file?: string) {
  return readSettings(program, { argv, env, readFile: file === undefined ? NO_FILE : () => file });
}

/** The lines of the Failure that reading must throw. */
function problems(argv: readonly string[], env: Record<string, string> = {}, file?: string): string[] {
  try {
    read(argv, env, file);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    expect([thrown.code, thrown.source]).to.deep.equal(["bad-config", "config"]);
    return thrown.message.split("\n");
  }
  throw new Error("the settings were accepted");
}

const inFile = (file: string) => problems(["--config", "node.yaml"], {}, file);

describe("settings", () => {
  it("take a flag before the environment, the environment before the file, the file before the default", () => {
    const file = "id: file\ngrpc-port: 1\nttl: 1s\n";
    const env = { NODE_ID: "env", NODE_GRPC_PORT: "2", NODE_CONFIG: "node.yaml" };
    const values = read(["--id", "flag"], env, file);
    expect([values.id, values.grpcPort, values.ttl, values.redis]).to.deep.equal([
      "flag",
      2,
      1000,
      undefined,
    ]);
    expect(read([]).id).to.equal("one");
  });

  it("are read from a file with numbers, lists, booleans and sections as YAML writes them", () => {
    const file = "grpc-port: 9\nttl: 0\nlatencies: [5ms, 0]\nverbose: true\nsites:\n  - name: a\n";
    const values = read(["--config=node.yaml"], {}, file);
    expect(values).to.deep.include({
      grpcPort: 9,
      ttl: 0,
      latencies: [5, 0],
      verbose: true,
      sites: [{ name: "a" }],
    });
  });

  it("read an empty file as no settings", () => {
    expect(read(["--config", "node.yaml"], {}, "# nothing\n").id).to.equal("one");
  });

  it("ignore environment variables that they do not know, because those belong to others", () => {
    expect(read([], { NODE_ENV: "production", NODE_VERSION: "26" }).id).to.equal("one");
  });

  it("report every problem at once", () => {
    expect(problems(["--grpc-port", "x", "--ttl=-1s"], { NODE_COLOR: "blue" })).to.deep.equal([
      '--grpc-port: must be a whole number from 0 to 65535, got "x"',
      '--ttl: must be a duration from 0 to 60s, such as 35ms, 5s or 1m, got "-1s"',
      'NODE_COLOR: must be one of red, a|b, got "blue"',
    ]);
  });

  it("refuse a wrong value even when another source comes before it", () => {
    expect(problems(["--id", "a"], { NODE_ID: "A B" })).to.deep.equal(['NODE_ID: must be a name, got "A B"']);
  });

  it("refuse a wrong value with the hint of its type, wherever it stands", () => {
    const known = text("known", /^(red|blue)$/);
    const hint = (value: string) => (value === "bleu" ? "did you mean blue?" : undefined);
    const colours = setting({ type: listOf({ ...known, hint }), help: "" });
    const said = (value: string, place: "flag" | "environment" | "file") => {
      const argv = { flag: ["--colours", value], environment: [], file: ["--config", "f"] }[place];
      const env: Record<string, string> = place === "environment" ? { NODE_COLOURS: value } : {};
      const input = { argv, env, readFile: () => `colours: [${value}]` };
      try {
        readSettings({ ...program, settings: { colours } }, input);
      } catch (thrown) {
        if (thrown instanceof Failure) return thrown.message.replace(/^.*must be .*, got /, "");
        throw thrown;
      }
      throw new Error("the settings were accepted");
    };
    expect(said("red,bleu", "flag")).to.equal('"red,bleu"; did you mean blue?');
    expect(said("bleu", "environment")).to.equal('"bleu"; did you mean blue?');
    expect(said("red,bleu", "file")).to.equal('["red","bleu"]; did you mean blue?');
    expect(said("x", "flag")).to.equal('"x"');
    expect(said("x", "file")).to.equal('["x"]');
  });

  it("refuse an empty value", () => {
    expect(problems(["--id", ""], { NODE_REDIS: "" })).to.have.length(2);
  });

  it("refuse an unknown flag and suggest the one that was meant", () => {
    expect(problems(["--grpc-prot", "1"])).to.deep.equal([
      "--grpc-prot: is not a flag of this program; did you mean --grpc-port?",
    ]);
    expect(problems(["-z"])).to.deep.equal(["-z: is not a flag of this program; --help lists them all"]);
    expect(problems(["--__proto__=1", "--constructor"])).to.have.length(2);
  });

  it("refuse positional arguments, also after --", () => {
    expect(problems(["x", "--", "--id"])).to.deep.equal([
      '"x": every argument must belong to a flag such as --name value',
      '"--id": every argument must belong to a flag such as --name value',
    ]);
  });

  it("refuse a flag given twice, without its value, or with a value that it does not take", () => {
    expect(problems(["--id", "a", "--id", "b"])).to.deep.equal(["--id: must be given once, got it again"]);
    expect(problems(["--id"])).to.deep.equal(["--id: needs a value, got nothing"]);
    expect(problems(["--id", "--verbose"])).to.deep.equal(['--id: needs a value, got the flag "--verbose"']);
    expect(problems(["--verbose=yes"])).to.deep.equal(['--verbose: takes no value, got "yes"']);
  });

  it("take a list from one flag given several times", () => {
    expect(read(["--latencies", "1ms,2ms", "--latencies", "3ms"]).latencies).to.deep.equal([1, 2, 3]);
  });

  it("refuse to go on without one that is required", () => {
    const strict = { ...program, settings: { id: setting({ type: port, required: true, help: "" }) } };
    const input = { argv: [], env: {}, readFile: NO_FILE };
    expect(() => readSettings(strict, input)).to.throw(Failure, "--id: must be given");
    expect(readSettings(strict, { ...input, env: { NODE_ID: "1" } }).id).to.equal(1);
  });

  it("name the file that cannot be read", () => {
    expect(problems(["--config", "gone.yaml"])[0]).to.contain('got "gone.yaml" (ENOENT: no such file)');
  });

  it("refuse values of a wrong type in the file, and name them", () => {
    const lines = inFile(
      "grpc-port: true\nid: 5\nttl: .nan\nverbose: 'true'\nredis:\nlatencies: {a: 1}\ncolor: [red]\n",
    );
    expect(lines.map((line) => line.replace(/must be .*, got /, ""))).to.have.members([
      "node.yaml:1:1: grpc-port: true",
      "node.yaml:2:1: id: 5",
      "node.yaml:3:1: ttl: NaN",
      'node.yaml:4:1: verbose: "true"',
      "node.yaml:5:1: redis: nothing",
      'node.yaml:6:1: latencies: {"a":1}',
      'node.yaml:7:1: color: ["red"]',
    ]);
  });

  it("refuse unknown keys in the file, also inside a section", () => {
    expect(inFile("grpcport: 1\nsites: [{name: a, colour: 1}]\n")).to.have.members([
      'node.yaml:1:1: "grpcport" is not a setting of this program; did you mean grpc-port?',
      'node.yaml:2:19: sites.a."colour" is not a setting of this program',
    ]);
  });

  it("show the first of very many problems, and that there are more", () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `prt${i}: 1\n`).join("");
    const lines = inFile(keys);
    expect(lines).to.have.length(21);
    expect(lines.at(-1)).to.equal("node.yaml: there are more problems");
    expect(inFile(keys.split("\n").slice(0, 20).join("\n"))).to.have.length(20);
  });

  it("never show a password in a message", () => {
    expect(problems(["--redis", "http://me:secret@h"]).join()).not.to.contain("secret");
  });
});
