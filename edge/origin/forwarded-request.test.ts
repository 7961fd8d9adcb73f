import { expect } from "chai";
import { Fields } from "../../http/fields.ts";
import { addressesOf, fieldsForFill, vouchedFor } from "./forwarded-request.ts";

describe("the fields that an origin gets", () => {
  it("name the addresses that a router on this machine has seen, and nobody else's word for them", () => {
    const fields = Fields.of([["X-Forwarded-For", "203.0.113.7, 10.0.0.1"]]);
    expect(addressesOf("127.0.0.1", fields)).to.equal("203.0.113.7, 10.0.0.1, 127.0.0.1");
    expect(addressesOf("::1", Fields.none)).to.equal("::1");
    expect(addressesOf("198.51.100.9", fields)).to.equal("198.51.100.9");
    expect(addressesOf("127.0.0.1", Fields.of([["X-Forwarded-For", "<script>"]]))).to.equal("127.0.0.1");
  });

  it("hold what the edge vouches for, and no part of the request that the store answers", () => {
    const asked = Fields.of([
      ["Host", "shop.example"],
      ["X-Forwarded-Host", "evil.example"],
      ["Range", "bytes=0-1"],
      ["If-None-Match", '"a"'],
      ["Accept", "text/html"],
    ]);
    const sent = vouchedFor(fieldsForFill(asked, [["If-None-Match", '"stored"']]), "203.0.113.7");
    expect([...sent]).to.deep.equal([
      ["Accept", "text/html"],
      ["If-None-Match", '"stored"'],
      ["X-Forwarded-Proto", "http"],
      ["X-Forwarded-For", "203.0.113.7"],
    ]);
  });
});
