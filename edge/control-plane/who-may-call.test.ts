import { expect } from "chai";
import { Token } from "../../process/control/tokens.ts";
import { NO_TOKEN_RULE, whoMayCall } from "./who-may-call.ts";

const NONE = { token: undefined, readToken: undefined };
const WITH_TOKEN = { ...NONE, token: new Token("x") };
const CONTROL = { ca: "ca.pem", pair: { cert: "edge.pem", key: "edge.key" } };

describe("who may call the gRPC port", () => {
  it("is whoever has the token, where there is one", () => {
    for (const onlyHere of [true, false]) {
      const { level, text } = whoMayCall({ tokens: WITH_TOKEN, control: undefined }, onlyHere);
      expect([level, text]).to.deep.equal([
        "info",
        "gRPC calls need the token, except Ping, health and reflection",
      ]);
    }
  });

  it("is a warning where --host asks for more than loopback and there is no token", () => {
    expect(whoMayCall({ tokens: NONE, control: undefined }, true)).to.deep.equal({
      level: "warn",
      text: NO_TOKEN_RULE,
    });
    expect(whoMayCall({ tokens: NONE, control: undefined }, false)).to.deep.equal({
      level: "info",
      text: NO_TOKEN_RULE,
    });
  });

  it("is whoever has a certificate that the table lists, where certificates are asked for", () => {
    expect(whoMayCall({ tokens: NONE, control: CONTROL }, false).text).to.equal(
      "gRPC calls need a certificate that callers lists",
    );
    expect(whoMayCall({ tokens: WITH_TOKEN, control: CONTROL }, false).text).to.equal(
      "gRPC calls need a certificate that callers lists, or the token",
    );
  });
});
