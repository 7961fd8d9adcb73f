import { expect } from "chai";
import { agreed, type Witness } from "./witness.ts";

const says = (port: number, configEpoch: number): Witness => {
  return () => Promise.resolve({ primary: { host: "h", port }, configEpoch });
};
const silent: Witness = () => new Promise(() => undefined);
const broken =
  (reason: string): Witness =>
  () =>
    Promise.reject(new Error(reason));

describe("several who know where the primary is", () => {
  const portOf = async (...witnesses: Witness[]) => (await agreed(witnesses)).port;

  it("are believed by the latest failover, so that one which was cut off with an old primary is not", async () => {
    expect(await portOf(says(1, 4), says(2, 5), says(2, 5))).to.equal(2);
    expect(await portOf(says(2, 5), says(1, 4), silent)).to.equal(2);
  });

  it("need not all speak: more than half are enough", async () => {
    expect(await portOf(silent, says(1, 1), says(1, 1))).to.equal(1);
    expect(await portOf(says(1, 1))).to.equal(1);
  });

  it("are believed if the others cannot speak", async () => {
    expect(await portOf(broken("a"), broken("b"), says(1, 1))).to.equal(1);
  });

  it("fail together with the reason of the first that failed", async () => {
    const outcome = await agreed([broken("a"), broken("b")]).catch((thrown: unknown) => String(thrown));
    expect(outcome).to.equal("Error: a");
  });
});
