import { expect } from "chai";
import { FREE_TRIES, LoginPace, TRY_EVERY_MS } from "./login-pace.ts";

describe("the pace of logins", () => {
  it("lets a client try some times, and then once in a while", () => {
    let now = 1_000;
    const pace = new LoginPace({ monotonic: () => now });
    for (let i = 0; i < FREE_TRIES; i += 1) {
      expect(pace.waitMs("a")).to.equal(0);
      pace.failed("a");
    }
    expect(pace.waitMs("a")).to.equal(TRY_EVERY_MS);
    expect(pace.waitMs("b")).to.equal(0);
    now += TRY_EVERY_MS - 1;
    expect(pace.waitMs("a")).to.equal(1);
    now += 1;
    expect(pace.waitMs("a")).to.equal(0);
    pace.failed("a");
    expect(pace.waitMs("a")).to.equal(TRY_EVERY_MS);
    now += FREE_TRIES * TRY_EVERY_MS;
    expect(pace.waitMs("a")).to.equal(0);
  });
});
