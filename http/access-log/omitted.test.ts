import { expect } from "chai";
import { accessFields } from "./access-fields.ts";
import { Omitted, omission } from "./omitted.ts";

describe("what the access log leaves out", () => {
  const omitted = new Omitted(["query:Token", "query:a b", "client"]);

  it("is a parameter by its name, however that is written", () => {
    const shown = (target: string) => omitted.target(target);
    expect(shown("/p?token=1&x=2&TOKEN=3")).to.equal("/p?token=...&x=2&TOKEN=...");
    expect(shown("/p?%74oken=1")).to.equal("/p?%74oken=...");
    expect(shown("/p?a+b=1&a%20b=2&a=3")).to.equal("/p?a+b=...&a%20b=...&a=3");
    expect(shown("/p?token")).to.equal("/p?token=...");
    expect(shown("/token=1?tokens=1&x=token=2")).to.equal("/token=1?tokens=1&x=token=2");
    expect(shown("/p?%zz=1")).to.equal("/p?%zz=1");
  });

  it("is the whole query with *", () => {
    expect(new Omitted(["query:*"]).target("/p?a=1&b=2")).to.equal("/p?...");
    expect(new Omitted(["query:*"]).target("/p")).to.equal("/p");
  });

  it("is a field by its name", () => {
    expect([omitted.shows("client"), omitted.shows("target")]).to.deep.equal([false, true]);
  });

  it("is refused when it is no field of the line, or no name of a parameter", () => {
    const { parse } = omission(accessFields);
    for (const text of ["client", "user_agent", "query:*", "query:token"])
      expect(parse(text), text).to.equal(text);
    for (const text of ["", "Client", "clinet", "time", "status", "query:", "query:a=b", "token:x"])
      expect(parse(text), text).to.equal(undefined);
  });

  it("comes with what was probably meant when it is refused", () => {
    const hint = (text: string) => omission(accessFields).hint?.(text);
    expect(["clinet", "user-agent"].map(hint)).to.deep.equal([
      "did you mean client?",
      "did you mean user_agent?",
    ]);
    expect(["time", "status"].map(hint)).to.deep.equal(["time is in every line", "status is in every line"]);
    expect(["", "password", "x".repeat(10_000)].map(hint)).to.deep.equal(Array(3).fill(undefined));
  });
});
