import { expect } from "chai";
import { diagnose, type Examined } from "./diagnosis.ts";

function examined(
  name: string,
  answer: Partial<Exclude<Examined["answer"], string>> = {},
  sites = "aaaa",
): Examined {
  return { name, sites, answer: { version: "1.0.0", clockOffByMs: 0, findings: [], ...answer } };
}

const texts = (...[edges, routers, outdated]: Parameters<typeof diagnose>) =>
  diagnose(edges, routers, outdated).map(
    ({ program, severity, about, text }) => `${program} ${severity} ${about}: ${text}`,
  );

describe("the diagnosis of a fleet", () => {
  it("is empty when nothing was found", () => {
    expect(texts([examined("a"), examined("b", {}, "")], [examined("router", {}, "")], [])).to.deep.equal([]);
  });

  it("names each program, problems first", () => {
    const warning = { severity: "warning", about: "x", text: "w" } as const;
    const problem = { severity: "problem", about: "y", text: "p" } as const;
    const edges = [examined("a", { findings: [warning] }), examined("b", { findings: [problem] })];
    expect(texts([...edges, { name: "c", sites: "", answer: "it refused" }], [], ["old list"])).to.deep.equal(
      [
        "b problem y: p",
        "c problem connection: it refused",
        "a warning x: w",
        "fleet warning members: old list",
      ],
    );
  });

  it("says of a data port that it cannot be reached from here", () => {
    const at = (trouble: string | undefined) => ({
      ...examined("a"),
      dataPort: { address: "10.0.0.1:80", trouble },
    });
    expect(texts([at(undefined)], [], [])).to.deep.equal([]);
    expect(texts([at("ECONNREFUSED")], [], [])[0]).to.match(
      /^a warning data port: 10\.0\.0\.1:80 cannot be reached from here \(ECONNREFUSED\)/,
    );
  });

  it("compares versions and sites", () => {
    const edges = [examined("a"), examined("b", { version: "1.1.0" }, "bbbb")];
    expect(texts(edges, [], [])).to.deep.equal([
      "fleet warning version: the programs run different versions; this is right only during an upgrade (a 1.0.0, b 1.1.0)",
      "fleet warning sites: the edges have different sites: a purge that names a site may mean another one there (a aaaa, b bbbb)",
    ]);
  });

  it("tells of a clock that is a second off, and not of one that is nearly so", () => {
    expect(texts([examined("a", { clockOffByMs: 999 })], [], [])).to.deep.equal([]);
    expect(texts([examined("a", { clockOffByMs: -1_500 })], [], [])).to.deep.equal([
      "a warning clock: its clock is 1.5 s behind this machine's: ages and Expires are wrong by as much; let NTP set the clocks",
    ]);
  });
});
