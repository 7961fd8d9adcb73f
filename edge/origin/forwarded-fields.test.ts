import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { fieldsForFill, vouchedFor } from "./forwarded-fields.ts";

describe("the fields that an origin gets", () => {
  it("hold what the edge vouches for, and no part of the request that the store answers", () => {
    const asked = Fields.of([
      ["Host", "shop.example"],
      ["X-Forwarded-Host", "evil.example"],
      ["Range", "bytes=0-1"],
      ["If-None-Match", '"a"'],
      ["Accept", "text/html"],
    ]);
    const sent = vouchedFor(fieldsForFill(asked, [["If-None-Match", '"stored"']], new Set()), {
      scheme: "https",
      addresses: "203.0.113.7",
    });
    expect([...sent]).to.deep.equal([
      ["Accept", "text/html"],
      ["If-None-Match", '"stored"'],
      ["X-Forwarded-Proto", "https"],
      ["X-Forwarded-For", "203.0.113.7"],
    ]);
  });
});
