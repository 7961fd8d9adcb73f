import { expect } from "chai";
import { until } from "./until.ts";

describe("until", () => {
  it("looks again until the condition holds, and lets the rest happen in between", async () => {
    let done = 0;
    await until(
      "it is done three times",
      () => done === 3,
      async () => {
        done += 1;
      },
    );
    expect(done).to.equal(3);
  });

  it("does nothing when the condition holds already", async () => {
    await until(
      "nothing",
      () => true,
      () => Promise.reject(new Error("not needed")),
    );
  });

  it("says what it waited for when that never comes", async () => {
    const waited = until("the sky falls", async () => false, undefined, 5).catch((error: Error) => error);
    expect(await waited).to.have.property("message", "waited 5 ms until the sky falls");
  });

  it("passes on what goes wrong meanwhile", async () => {
    const failed = until(
      "the sky falls",
      () => false,
      () => Promise.reject(new Error("no sky")),
    ).catch((error: Error) => error);
    expect(await failed).to.have.property("message", "no sky");
  });
});
