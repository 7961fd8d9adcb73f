import { expect } from "chai";
import { Callers } from "../../process/control/callers.ts";
import { Token, type Tokens } from "../../process/control/tokens.ts";
import { authorize, type CallRight } from "./authorize.ts";

const NO_TOKENS = { token: undefined, readToken: undefined };
const TOKENS = { token: new Token("right"), readToken: new Token("reading") };

function messageFor(right: CallRight, ...values: readonly string[]): string | undefined {
  const origin = { authorization: values, by: "metadata", names: undefined } as const;
  return authorize(origin, right, { tokens: TOKENS, callers: undefined })?.message;
}

describe("authorization", () => {
  it("is given with the token as bearer, in any case of the scheme", () => {
    for (const value of ["Bearer right", "bearer right", "BEARER  right"]) {
      expect(messageFor("purge", value), value).to.equal(undefined);
    }
  });

  it("is given for calls that read with either token, and for open calls without any", () => {
    for (const value of ["Bearer right", "Bearer reading"]) {
      expect(messageFor("read", value), value).to.equal(undefined);
    }
    expect(messageFor("read", "Bearer wrong")).to.match(
      /<the edge's EDGECACHE_TOKEN or EDGECACHE_READ_TOKEN>`: got another token$/,
    );
    expect(messageFor("open")).to.equal(undefined);
  });

  it("is needed only where there is a token", () => {
    const anyone = { authorization: [], by: "metadata", names: undefined } as const;
    expect(authorize(anyone, "purge", { tokens: NO_TOKENS, callers: undefined })).to.equal(undefined);
  });

  const refused: readonly (readonly [what: string, values: readonly string[], got: string])[] = [
    ["nothing", [], "got none"],
    ["another token", ["Bearer wrong"], "got another token"],
    ["a token that only begins right", ["Bearer righter"], "got another token"],
    ["the token without a scheme", ["right"], "got something else"],
    ["another scheme", ["Basic right"], "got something else"],
    ["no token", ["Bearer "], "got something else"],
    ["two, of which one is right", ["Bearer wrong", "Bearer right"], "got 2 of them"],
    ["the read token", ["Bearer reading"], "got the read token"],
  ];
  for (const [what, values, got] of refused) {
    it(`is refused for ${what}, in a sentence that does not repeat it`, () => {
      const message = messageFor("purge", ...values);
      expect(message).to.match(/^authorization: must be the metadata `authorization: Bearer /);
      expect(message?.endsWith(`: ${got}`), message).to.equal(true);
      expect(message).not.to.match(/wrong|right|reading/);
    });
  }
});

describe("authorization by certificate", () => {
  const callers = new Callers([
    { name: "ann.example", may: ["purge", "read"] },
    { name: "spiffe://fleet/router", may: [] },
    { name: "DASHBOARD.example", may: ["read"] },
  ]);

  function fault(
    names: readonly string[] | undefined,
    right: CallRight,
    tokens: Tokens = NO_TOKENS,
    offered?: string,
  ) {
    const authorization = offered === undefined ? [] : [`Bearer ${offered}`];
    return authorize({ authorization, by: "metadata", names }, right, { tokens, callers });
  }

  it("gives each name its own rights, and Ping to all of them", () => {
    expect(fault(["ann.example"], "purge")).to.equal(undefined);
    expect(fault(["dashboard.example"], "read")).to.equal(undefined);
    expect(fault(["spiffe://fleet/router"], "open")).to.equal(undefined);
    expect(fault(["ann.example"], "forget")?.message).to.equal(
      'certificate: must have a name that `callers` of the edge\'s configuration lets forget: got "ann.example"',
    );
    expect(fault(["spiffe://fleet/ROUTER"], "open")?.code).to.equal("permission-denied");
  });

  it("adds the rights of all names of a certificate", () => {
    expect(fault(["stranger", "dashboard.example"], "read")).to.equal(undefined);
    expect(fault(["dashboard.example", "ann.example"], "purge")).to.equal(undefined);
  });

  it("refuses strangers of the same CA everything", () => {
    for (const right of ["open", "read", "purge", "forget"] as const)
      expect(fault(["stranger"], right)?.code, right).to.equal("permission-denied");
    expect(fault([], "open")?.code).to.equal("permission-denied");
  });

  it("leaves the token as the other way", () => {
    expect(fault(undefined, "open", TOKENS)).to.equal(undefined);
    expect(fault(undefined, "purge", TOKENS, "right")).to.equal(undefined);
    expect(fault(["stranger"], "purge", TOKENS, "right")).to.equal(undefined);
    expect(fault(undefined, "purge", TOKENS)?.code).to.equal("unauthenticated");
    expect(fault(["dashboard.example"], "purge", TOKENS)?.code).to.equal("permission-denied");
    expect(fault(["dashboard.example"], "purge", TOKENS, "reading")?.code).to.equal("unauthenticated");
    expect(fault(undefined, "open")?.code).to.equal("permission-denied");
  });

  it("knows who may do less than before", () => {
    const now = new Callers([{ name: "ann.example", may: ["read", "forget"] }]);
    const taken = (...names: string[]) => now.hasTaken(names, callers);
    expect([taken("ann.example"), taken("dashboard.example"), taken("stranger")]).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect(callers.hasTaken(["ann.example"], callers)).to.equal(false);
  });
});
