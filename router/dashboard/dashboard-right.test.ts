import { expect } from "chai";
import { Callers } from "../../process/control/callers.ts";
import { Token } from "../../process/control/tokens.ts";
import { type DashboardCaller, type DashboardRules, dashboardRight, loginRight } from "./dashboard-right.ts";

const TOKENS = { token: new Token("full"), readToken: new Token("reading") };
const NO_TOKENS = { token: undefined, readToken: undefined };
const NOBODY: DashboardCaller = { offered: undefined, names: undefined, session: "none" };

function rules(changes: Partial<DashboardRules> = {}): DashboardRules {
  return {
    tokens: TOKENS,
    asksForProof: true,
    callers: () => undefined,
    isLocal: false,
    mode: "on",
    ...changes,
  };
}

describe("the right to use the dashboard", () => {
  const right = (caller: Partial<DashboardCaller>, changes: Partial<DashboardRules> = {}) =>
    dashboardRight({ ...NOBODY, ...caller }, rules(changes));

  it("is that of the token", () => {
    expect(["full", "reading", "wrong", undefined].map((offered) => right({ offered }))).to.deep.equal([
      "purge",
      "read",
      "none",
      "none",
    ]);
  });

  it("is that of the login", () => {
    expect(right({ session: "purge" })).to.equal("purge");
    expect(right({ session: "read" })).to.equal("read");
  });

  it("is that of the certificate", () => {
    const table = new Callers([
      { name: "ops", may: ["read", "purge"] },
      { name: "eyes", may: ["read"] },
    ]);
    const by = (name: string) => right({ names: [name] }, { tokens: NO_TOKENS, callers: () => table });
    expect([by("ops"), by("eyes"), by("nobody")]).to.deep.equal(["purge", "read", "none"]);
  });

  it("is to read on this machine, and to purge where calls need no proof at all", () => {
    expect(right({}, { isLocal: true })).to.equal("read");
    expect(right({ offered: "wrong" }, { isLocal: true })).to.equal("read");
    expect(right({ offered: "full" }, { isLocal: true })).to.equal("purge");
    expect(right({}, { isLocal: true, tokens: NO_TOKENS, asksForProof: false })).to.equal("purge");
  });

  it("is never more than to read in read-only mode", () => {
    const mode = "read-only";
    expect(right({ offered: "full" }, { mode })).to.equal("read");
    expect(right({}, { mode, isLocal: true, tokens: NO_TOKENS, asksForProof: false })).to.equal("read");
    expect(loginRight("full", rules({ mode }))).to.equal("read");
  });

  it("comes by a login of a right token alone, on this machine too", () => {
    const by = (token: string) => loginRight(token, rules({ isLocal: true }));
    expect([by("full"), by("reading"), by("wrong")]).to.deep.equal(["purge", "read", "none"]);
  });
});
