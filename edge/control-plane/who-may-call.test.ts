import { expect } from "chai";
import { NO_TOKEN_RULE, whoMayCall } from "./who-may-call.ts";

describe("who may call the gRPC port", () => {
  it("is whoever has the token, where there is one", () => {
    for (const onlyHere of [true, false]) {
      const { level, text } = whoMayCall(true, onlyHere);
      expect([level, text]).to.deep.equal([
        "info",
        "gRPC calls need the token, except Ping, health and reflection",
      ]);
    }
  });

  it("is a warning where --host asks for more than loopback and there is no token", () => {
    expect(whoMayCall(false, true)).to.deep.equal({ level: "warn", text: NO_TOKEN_RULE });
    expect(whoMayCall(false, false)).to.deep.equal({ level: "info", text: NO_TOKEN_RULE });
  });
});
