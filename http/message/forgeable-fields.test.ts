import { expect } from "chai";
import { Fields } from "./fields.ts";
import { withoutForgeable } from "./forgeable-fields.ts";

describe("fields that a client could forge", () => {
  it("go, in whatever case they are written, all of X-Forwarded- among them", () => {
    const forged = [
      "Forwarded",
      "X-FORWARDED-For",
      "x-forwarded-anything",
      "X-Original-URL",
      "True-Client-IP",
      "X-Forwarded",
      "Forwarded-Host",
      "X-Http-Host-Override",
      "X-HTTP-Method-Override",
      "X-Original-Uri",
      "X-Rewrite-Uri",
      "X-Accel-Redirect",
      "X-Envoy-Original-Path",
      "X-Middleware-Subrequest",
      "X-Invoke-Path",
      "CF-Connecting-IP",
      "Fastly-Client-IP",
      "Remote-User",
      "X-SSL-Client-DN",
      "Front-End-Https",
      "X-Url-Scheme",
    ];
    const fields = Fields.of(forged.map((name) => [name, "1"] as const));
    expect([...withoutForgeable(fields)]).to.deep.equal([]);
  });

  it("leave every other one where it stands", () => {
    const fields = Fields.of([
      ["Accept", "*/*"],
      ["X-Real-IP", "192.0.2.1"],
      ["X-Forwarder", "not one of them"],
      ["Cf", "not one of them"],
      ["Via", "1.1 a"],
    ]);
    expect([...withoutForgeable(fields)]).to.deep.equal([
      ["Accept", "*/*"],
      ["X-Forwarder", "not one of them"],
      ["Cf", "not one of them"],
      ["Via", "1.1 a"],
    ]);
  });
});
