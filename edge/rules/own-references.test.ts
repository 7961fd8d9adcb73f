import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { authoritiesOf, relativeReferences } from "./own-references.ts";

const own = new Set(["10.0.0.5:8080", "app.internal", "app.internal:80"]);
const mapped = (value: string, name = "Location") =>
  relativeReferences(Fields.of([[name, value]]), own).get(name);

describe("references to the origin's own address", () => {
  for (const [from, to] of [
    ["http://10.0.0.5:8080/login?next=/a#b", "/login?next=/a#b"],
    ["https://APP.internal/", "/"],
    ["http://app.internal:80", "/"],
    ["http://app.internal?q", "/?q"],
    // Else they would lead to another host.
    ["http://app.internal//evil.example/", "/.//evil.example/"],
    ["http://app.internal/\\evil.example/", "/./\\evil.example/"],
  ] as const) {
    it(`${from} becomes ${to}`, () => {
      expect(mapped(from)).to.equal(to);
      expect(mapped(from, "content-location")).to.equal(to);
    });
  }

  for (const other of [
    "http://shop.example/",
    "/login",
    "http://app.internal@evil/",
    "http://10.0.0.5/",
    "app.internal",
  ])
    it(`${other} stays`, () => expect(mapped(other)).to.equal(other));

  it("know the default port", () => {
    expect(authoritiesOf(new URL("https://a.example"))).to.deep.equal(["a.example", "a.example:443"]);
    expect(authoritiesOf(new URL("http://a.example:81"))).to.deep.equal(["a.example:81"]);
  });
});
