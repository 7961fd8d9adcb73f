import { expect } from "chai";
import { openFilesLimit } from "./open-files.ts";

describe("the limit on open files", () => {
  it("is that of proc(5), and unknown where there is none, or nothing is written there", async () => {
    const limits = "Limit                     Soft Limit           Hard Limit           Units     \n";
    const files = (soft: string) =>
      `${limits}Max open files            ${soft}                 524288               files     \n`;
    expect(await openFilesLimit(async () => files("1024"))).to.equal(1024);
    for (const text of ["", limits, files("unlimited")])
      expect(await openFilesLimit(async () => text)).to.equal(undefined);
  });

  it("is read from the system", async function () {
    if (process.platform !== "linux") this.skip();
    expect(await openFilesLimit()).to.be.greaterThan(100);
  });
});
