import { expect } from "chai";
import { methodAttributes, methodSpan } from "./http-method.ts";

describe("the method of a request in spans", () => {
  it("names the span when it is known, and only stands in it when a client made it up", () => {
    expect([methodSpan("QUERY"), methodAttributes("QUERY")]).to.deep.equal([
      "QUERY",
      { "http.request.method": "QUERY" },
    ]);
    expect([methodSpan("get"), methodAttributes("get")]).to.deep.equal([
      "HTTP",
      { "http.request.method": "_OTHER", "http.request.method_original": "get" },
    ]);
  });
});
