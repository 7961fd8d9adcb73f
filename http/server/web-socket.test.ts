import { expect } from "chai";
import { acceptOf, newKey } from "./web-socket.ts";

describe("the key of a WebSocket", () => {
  it("is answered as RFC 6455 section 1.3 says", () => {
    expect(acceptOf("dGhlIHNhbXBsZSBub25jZQ==")).to.equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });

  it("has sixteen bytes, and is another one each time", () => {
    expect(Buffer.from(newKey(), "base64").length).to.equal(16);
    expect(newKey()).not.to.equal(newKey());
  });
});
