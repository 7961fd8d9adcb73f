import { readFileSync } from "node:fs";
import { expect } from "chai";
import { planRequest } from "../../edge/rules/site/plan-request.ts";
import { Fields } from "../../http/message/fields.ts";
import { writtenRules } from "../../test/rig/written-rules.ts";
import { configurationFile, filled } from "./configuration.ts";
import { BROWSER } from "./wrk-scripts.ts";

describe("the rules of our edge", () => {
  it("are twenty, of which some are met by what is asked for", () => {
    const { book } = writtenRules(readFileSync(configurationFile("edge", "rules.yaml"), "utf8"));
    expect(book.rules).to.have.length(20);
    const asked = {
      method: "GET",
      target: "/1024/a",
      fields: Fields.of(Object.entries(BROWSER)),
      authority: "a",
    };
    const plan = planRequest(book, asked);
    expect(plan.kind === "go" && plan.request.target).to.equal("/1024/a");
    expect(book.rules.filter(({ match }) => match.matchesRequest(asked))).to.have.length(5);
  });
});

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
