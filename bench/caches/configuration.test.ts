import { expect } from "chai";
import { filled } from "./configuration.ts";

describe("a configuration of a peer", () => {
  it("has a value in the place of each name", () => {
    const values = { port: 8080, "origin-port": 9, folder: "/f" };
    expect(filled("listen @port@; pid @folder@/pid; to @origin-port@;", values)).to.equal(
      "listen 8080; pid /f/pid; to 9;",
    );
  });

  it("is refused when it names what has no value", () => {
    expect(() => filled("listen @prot@;", { port: 1 })).to.throw("no value for @prot@: port");
  });
});
