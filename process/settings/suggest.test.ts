import { expect } from "chai";
import { suggest } from "./suggest.ts";

describe("a suggestion", () => {
  const known = ["port", "grpc-port", "admin-port", "id"];

  it("is the word with the fewest slips", () => {
    expect(suggest("prt", known)).to.equal("port");
    expect(suggest("grcp-port", known)).to.equal("grpc-port");
    expect(suggest("adminport", known)).to.equal("admin-port");
  });

  it("is not made when nothing is near", () => {
    expect(suggest("z", known)).to.equal(undefined);
    expect(suggest("memory", known)).to.equal(undefined);
    expect(suggest("", known)).to.equal(undefined);
  });
});
