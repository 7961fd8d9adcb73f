import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect } from "chai";
import { configuredTokens, Token } from "./tokens.ts";

const SECRET = "s3cret-of-this-edge";

function read(env: Record<string, string>, path?: string, file: string | Error = "") {
  const readFile = () => {
    if (file instanceof Error) throw file;
    return file;
  };
  return configuredTokens({ env, readFile }, { tokenFile: path, readTokenFile: undefined });
}

describe("a token", () => {
  it("matches itself and nothing else", () => {
    const token = new Token(SECRET);
    expect(token.matches(SECRET)).to.equal(true);
    for (const other of ["", "s", `${SECRET}x`, SECRET.toUpperCase(), SECRET.slice(1)]) {
      expect(token.matches(other), other).to.equal(false);
    }
  });

  it("shows nothing of itself when it is printed or logged", () => {
    expect(JSON.stringify({ token: new Token(SECRET) })).to.equal('{"token":{}}');
    expect(inspect(new Token(SECRET), { showHidden: true })).not.to.contain(SECRET);
  });

  it("is the field by which one program calls another", () => {
    expect(new Token(SECRET).authorization).to.equal(`Bearer ${SECRET}`);
  });
});

describe("the configured token", () => {
  it("is the one in EDGECACHE_TOKEN", () => {
    expect(read({ EDGECACHE_TOKEN: SECRET }).token?.matches(SECRET)).to.equal(true);
  });

  it("is the one in the file, without the end of its line", () => {
    expect(read({}, "/run/token", `${SECRET}\n`).token?.matches(SECRET)).to.equal(true);
  });

  it("is none when the variable is not set, or is empty", () => {
    for (const env of [{}, { EDGECACHE_TOKEN: "" }]) {
      expect(read(env)).to.deep.equal({ token: undefined, readToken: undefined, problems: [] });
    }
  });

  it("is refused without being shown", () => {
    const refused = [
      read({ EDGECACHE_TOKEN: `two ${SECRET}` }),
      read({ EDGECACHE_TOKEN: SECRET.repeat(20) }),
      read({}, "/run/token", "\n"),
      read({}, "/run/token", `${SECRET}\u00e9`),
      read({}, "/run/token", new Error("ENOENT")),
      read({ EDGECACHE_TOKEN: SECRET }, "/run/token", SECRET),
    ];
    for (const { token, problems } of refused) {
      expect(token).to.equal(undefined);
      expect(problems).to.have.length(1);
      expect(problems[0]).to.match(/^(EDGECACHE_TOKEN|--token-file): must /);
      expect(problems[0]).not.to.contain(SECRET);
    }
  });

  it("is told of when every user of the machine can read its file", () => {
    const folder = mkdtempSync(join(tmpdir(), "edgecache-token-"));
    const path = join(folder, "token");
    const said: string[] = [];
    const read = () =>
      configuredTokens(
        { env: {}, readFile: () => SECRET, warn: (line) => said.push(line) },
        { tokenFile: path, readTokenFile: undefined },
      );
    try {
      writeFileSync(path, SECRET, { mode: 0o600 });
      expect(read().problems).to.deep.equal([]);
      expect(said).to.deep.equal([]);
      chmodSync(path, 0o644);
      expect(read().problems).to.deep.equal([]);
      expect(said).to.deep.equal([
        `--token-file: every user of this machine can read "${path}"; chmod 600 prevents it`,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the read token", () => {
  const both = (env: Record<string, string>) =>
    configuredTokens(
      { env, readFile: () => "of-the-file\n" },
      { tokenFile: undefined, readTokenFile: "/run/reading" },
    );

  it("comes from its own file or variable, beside the token", () => {
    const { readToken, problems } = both({ EDGECACHE_TOKEN: SECRET });
    expect([readToken?.matches("of-the-file"), problems]).to.deep.equal([true, []]);
    expect(
      read({ EDGECACHE_TOKEN: SECRET, EDGECACHE_READ_TOKEN: "reading" }).readToken?.matches("reading"),
    ).to.equal(true);
  });

  it("is refused alone: without the token everybody on this machine may purge", () => {
    expect(both({}).problems).to.deep.equal([
      "--read-token-file: must be given with a token that allows purges (--token-file or EDGECACHE_TOKEN), got no such token",
    ]);
  });
});
