import { expect } from "chai";
import { certificateNames } from "./certificate-names.ts";

describe("the names of a certificate", () => {
  it("are its DNS names in lower case, URIs and e-mail addresses, and no addresses", () => {
    const text = "DNS:Edge-1.Example, IP Address:127.0.0.1, URI:spiffe://Fleet/Edge, email:ann@example.org";
    expect(certificateNames(text)).to.deep.equal([
      "edge-1.example",
      "spiffe://Fleet/Edge",
      "ann@example.org",
    ]);
    expect(certificateNames(undefined)).to.deep.equal([]);
    expect(certificateNames("")).to.deep.equal([]);
  });

  it("are never made of a part of a name that was quoted", () => {
    // Node writes a name with a comma so.
    expect(certificateNames('DNS:"evil, DNS:ann.example"')).to.deep.equal([]);
    expect(certificateNames('URI:"http://a\\", DNS:ann.example, x", DNS:b')).to.deep.equal(["b"]);
    expect(certificateNames("DNS:a, nonsense")).to.deep.equal([]);
    expect(certificateNames('DNS:a, URI:"x')).to.deep.equal([]);
  });
});
