import { expect } from "chai";
import { progressBar } from "./progress-bar.ts";

describe("the progress bar", () => {
  it("fills as calls are answered, and is full only at the end", () => {
    expect(progressBar(0, 3)).to.equal(`[${"-".repeat(30)}] 0 of 3 calls`);
    expect(progressBar(1, 3)).to.equal(`[${"#".repeat(10)}${"-".repeat(20)}] 1 of 3 calls`);
    expect(progressBar(999, 1_000)).to.equal(`[${"#".repeat(29)}-] 999 of 1000 calls`);
    expect(progressBar(3, 3)).to.equal(`[${"#".repeat(30)}] 3 of 3 calls`);
  });
});
