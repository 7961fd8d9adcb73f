import { expect } from "chai";
import { isIdempotent, isSafe } from "./methods.ts";

describe("a method", () => {
  const rows: readonly (readonly [method: string, safe: boolean, idempotent: boolean])[] = [
    ["GET", true, true],
    ["HEAD", true, true],
    ["OPTIONS", true, true],
    ["QUERY", true, true],
    ["PUT", false, true],
    ["DELETE", false, true],
    ["POST", false, false],
    ["PATCH", false, false],
    ["get", false, false],
    ["ANYTHING", false, false],
  ];
  for (const [method, safe, idempotent] of rows) {
    it(`${method} is ${safe ? "" : "not "}safe and ${idempotent ? "" : "not "}idempotent`, () => {
      expect([isSafe(method), isIdempotent(method)]).to.deep.equal([safe, idempotent]);
    });
  }
});
