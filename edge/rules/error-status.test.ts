import { expect } from "chai";
import { responseDirectives } from "./directives.ts";
import { briefly, briefSeconds, isError } from "./error-status.ts";

describe("an error response", () => {
  it("has a status from 400 on, except 404, 410 and 451, which tell about the resource", () => {
    const errors = [399, 400, 403, 404, 405, 410, 451, 500, 599].filter(isError);
    expect(errors).to.deep.equal([400, 403, 405, 500, 599]);
  });

  it("is fresh for at most ten seconds, and never served stale", () => {
    expect([9, 10, 11].map(briefSeconds)).to.deep.equal([9, 10, 10]);
    const directives = responseDirectives([
      { name: "max-age", argument: "60" },
      { name: "s-maxage", argument: "5" },
    ]);
    const brief = briefly({ source: "Cache-Control", directives }).directives;
    expect([brief.maxAge, brief.sMaxage, brief.mustRevalidate]).to.deep.equal([10, 5, true]);
  });
});
