import { expect } from "chai";
import { whyUntrusted } from "./untrusted.ts";

describe("why two sides have no connection that both trust", () => {
  const why = (last: string, isSecure: boolean) =>
    whyUntrusted(`No connection established. Last error: ${last}. Resolution note: `, isSecure);

  it("is what the other side may want, when it closes at once", () => {
    for (const last of ["Failed to connect (2026-11-27T18:26:57.366Z)", "Error: read ECONNRESET"]) {
      expect(why(last, false)).to.equal(
        "closed the connection at once: it may speak TLS only (--control-ca)",
      );
      expect(why(last, true)).to.contain("it may want a certificate of its own CA");
    }
  });

  it("is what is wrong with the certificate of the edge", () => {
    expect(why("Error: certificate has expired", true)).to.equal(
      "is no edge that --control-ca lets trust: certificate has expired",
    );
    expect(why("Error: write EPROTO 00:error:wrong version number:ssl", true)).to.equal(
      "speaks no TLS: leave --control-ca out",
    );
  });

  it("is not known when the edge is not there", () => {
    for (const last of [
      "Error: connect ECONNREFUSED 127.0.0.1:1",
      "Error: connect EHOSTUNREACH 10.0.0.1:1",
    ]) {
      for (const isSecure of [true, false]) expect(why(last, isSecure)).to.equal(undefined);
    }
    expect(whyUntrusted("No connection established. Last error: ...", true)).to.equal(undefined);
    expect(whyUntrusted("the purge log does not answer", false)).to.equal(undefined);
  });
});
