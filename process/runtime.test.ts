import { readFileSync } from "node:fs";
import { expect } from "chai";
import { runtimeWarning } from "./runtime.ts";

describe("the running Node", () => {
  for (const unsafe of ["26.13.0", "26.12.1", "26.2.0", "25.99.99", "22.19.0"]) {
    it(`is unsafe as ${unsafe}`, () => expect(runtimeWarning(unsafe)).to.contain(`This Node (v${unsafe})`));
  }
  for (const safe of ["26.13.1", "26.13.2", "26.14.0", "27.0.0", "28.0.0-nightly"]) {
    it(`is safe as ${safe}`, () => expect(runtimeWarning(safe)).to.equal(undefined));
  }

  it("is warned of in one line that says where, what and which version to use", () => {
    expect(runtimeWarning("26.12.1")).to.equal(
      "This Node (v26.12.1) has known remotely exploitable defects in HTTP/2 and TLS, which the gRPC port uses: " +
        "CVE-2026-123866, CVE-2026-123863, CVE-2026-126051, CVE-2026-123864; use 26.13.1 or later",
    );
  });

  it("is safe as the oldest that package.json asks for", () => {
    const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(runtimeWarning(engines.node.replace(">=", ""))).to.equal(undefined);
  });
});
