import { expect } from "chai";
import { Callers } from "./callers.ts";
import { NO_CONTROL } from "./control-config.ts";
import { mayReadPages, operatorHost, operatorHostProblems } from "./operator-access.ts";
import { Token } from "./tokens.ts";

const TOKENS = { token: new Token("right"), readToken: new Token("reading") };
const FILES = { ca: "ca.pem", pair: { cert: "a.pem", key: "a.key" } };

describe("the host of the operator port", () => {
  const host = (given: Partial<Parameters<typeof operatorHost>[0]>) =>
    operatorHost({ ...NO_CONTROL, host: "0.0.0.0", adminHost: undefined, ...given });

  it("is loopback until callers can prove who they are", () => {
    expect(host({})).to.equal("127.0.0.1");
    expect(host({ tokens: TOKENS })).to.equal("0.0.0.0");
    expect(host({ control: FILES })).to.equal("0.0.0.0");
    expect(host({ host: "::1" })).to.equal("::1");
    expect(host({ adminHost: "127.0.0.2", tokens: TOKENS })).to.equal("127.0.0.2");
  });

  it("must not be asked for where strangers could reach it", () => {
    expect(operatorHostProblems({ ...NO_CONTROL, adminHost: "0.0.0.0" })).to.deep.equal([
      '--admin-host: must be a loopback address unless there is a token or --control-cert, got "0.0.0.0"',
    ]);
    for (const adminHost of [undefined, "127.0.0.1", "::1", "localhost"])
      expect(operatorHostProblems({ ...NO_CONTROL, adminHost })).to.deep.equal([]);
    expect(operatorHostProblems({ ...NO_CONTROL, tokens: TOKENS, adminHost: "0.0.0.0" })).to.deep.equal([]);
  });
});

describe("who may read the pages of the operator port", () => {
  const callers = () =>
    new Callers([
      { name: "grafana", may: ["read"] },
      { name: "router-1", may: ["purge"] },
    ]);
  const may = (names: readonly string[] | undefined, authorization?: string, tokens = NO_CONTROL.tokens) =>
    mayReadPages({ authorization, names }, { tokens, callers });

  it("has a name that may read, or either token", () => {
    expect(may(["grafana"]).kind).to.equal("may");
    for (const token of ["right", "reading"]) {
      expect(may(undefined, `Bearer ${token}`, TOKENS).kind, token).to.equal("may");
      expect(may(["router-1"], `bearer ${token}`, TOKENS).kind, token).to.equal("may");
    }
  });

  it("is told otherwise what is missing", () => {
    expect(may(["router-1"])).to.deep.equal({
      kind: "forbidden",
      why: 'certificate: must have a name that `callers` of the configuration lets read: got "router-1"',
    });
    expect(may(undefined).kind).to.equal("forbidden");
    expect(may(["stranger"], undefined, TOKENS).kind).to.equal("forbidden");
    for (const [authorization, got] of [
      [undefined, "got none"],
      ["Basic x", "got something else"],
      ["Bearer wrong", "got another token"],
    ] as const) {
      expect(may(undefined, authorization, TOKENS)).to.deep.equal({
        kind: "unauthenticated",
        why: `Authorization: must be Bearer <the program's token or read token>: ${got}`,
      });
    }
  });
});
