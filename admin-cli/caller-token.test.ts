import { expect } from "chai";
import { Failure } from "../process/failure.ts";
import { callerToken } from "./caller-token.ts";

describe("the caller's token", () => {
  it("is the one in EDGECACHE_TOKEN, or none", () => {
    expect(callerToken({ EDGECACHE_TOKEN: "s3cret" })).to.equal("s3cret");
    expect(callerToken({ EDGECACHE_TOKEN: "" })).to.equal(undefined);
    expect(callerToken({})).to.equal(undefined);
  });

  it("is the one that only reads where there is no other", () => {
    expect(callerToken({ EDGECACHE_READ_TOKEN: "reading" })).to.equal("reading");
    expect(callerToken({ EDGECACHE_TOKEN: "", EDGECACHE_READ_TOKEN: "reading" })).to.equal("reading");
    expect(callerToken({ EDGECACHE_TOKEN: "s3cret", EDGECACHE_READ_TOKEN: "reading" })).to.equal("s3cret");
    expect(() => callerToken({ EDGECACHE_READ_TOKEN: "two words" })).to.throw(
      Failure,
      /^EDGECACHE_READ_TOKEN: must be .* got 9 characters/,
    );
  });

  it("is refused without being shown when a call could not carry it", () => {
    expect(() => callerToken({ EDGECACHE_TOKEN: "two words" })).to.throw(
      Failure,
      "EDGECACHE_TOKEN: must be 1 to 256 printable ASCII characters without blanks, got 9 characters that are not shown",
    );
  });
});
