import { expect } from "chai";
import { redirectResponse } from "./redirect-response.ts";

describe("a redirect", () => {
  it("sends a client to an edge, for this time only", () => {
    const { status, fields } = redirectResponse("https://cdn.example", "//a?b");
    expect(status).to.equal(307);
    expect(fields).to.deep.include(["Location", "https://cdn.example//a?b"]);
    expect(fields).to.deep.include(["Cache-Control", "no-store"]);
  });
});
