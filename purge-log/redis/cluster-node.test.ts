import { expect } from "chai";
import { LOG_SLOT, ownerIn } from "./cluster-node.ts";

const FROM = { host: "asked", port: 7000 };
const line = (endpoint: string, flags: string, epoch: number, ...slots: string[]) =>
  ["07c37df", endpoint, flags, "-", "0", "0", epoch, "connected", ...slots].join(" ");

describe("what a node of a Cluster says", () => {
  const owner = (...lines: string[]) => ownerIn(`${lines.join("\n")}\n`, FROM, false);

  it("is who has the slot of the log", () => {
    const answer = owner(
      line("10.0.0.1:7001@17001", "master", 1, `0-${LOG_SLOT - 1}`),
      line("10.0.0.2:7002@17002", "slave", 2),
      line("10.0.0.3:7003@17003,three.internal", "myself,master", 3, "[93-<-07c37df]", `${LOG_SLOT}-16383`),
    );
    expect(answer).to.deep.equal({ primary: { host: "10.0.0.3", port: 7003 }, configEpoch: 3 });
  });

  it("is also read of a single slot, and of an address of IPv6", () => {
    const answer = owner(line("fd00::1:7001@17001", "master", 1, "1", String(LOG_SLOT)));
    expect(answer.primary).to.deep.equal({ host: "fd00::1", port: 7001 });
  });

  it("is the asked node itself when it does not know its own address", () => {
    expect(owner(line(":7001@17001", "myself,master", 0, "0-16383")).primary).to.deep.equal({
      host: "asked",
      port: 7001,
    });
  });

  it("is the host name where a certificate must name it", () => {
    const text = line("10.0.0.3:7003@17003,three.internal,shard-id=a", "master", 3, "0-16383");
    expect(ownerIn(text, FROM, true).primary.host).to.equal("three.internal");
    expect(ownerIn(line("10.0.0.3:7003@17003", "master", 3, "0-16383"), FROM, true).primary.host).to.equal(
      "10.0.0.3",
    );
  });

  it("is nothing when nobody has the slot", () => {
    expect(() => owner(line("10.0.0.1:7001@17001", "master", 1, `0-${LOG_SLOT - 1}`))).to.throw(
      `the node at asked:7000 knows nobody who has slot ${LOG_SLOT}`,
    );
  });
});
