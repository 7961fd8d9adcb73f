import { expect } from "chai";
import { shownTarget } from "./shown-target.ts";

describe("a target in a log", () => {
  it("has its path and no query", () => {
    expect(shownTarget("/a/b")).to.equal("/a/b");
    expect(shownTarget("/a/b?token=secret?more")).to.equal("/a/b?…");
    expect(shownTarget("shop https://shop.example/a?token=secret")).to.equal("shop https://shop.example/a?…");
    expect(shownTarget("/a?")).to.equal("/a?…");
  });
});
