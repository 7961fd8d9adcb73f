import { expect } from "chai";
import { EdgeTraffic } from "./edge-traffic.ts";

describe("the traffic of one edge", () => {
  it("counts what is under way, and apart from it what waits for a first byte", () => {
    const traffic = new EdgeTraffic();
    traffic.began();
    traffic.began();
    traffic.answered(10, 10);
    expect(traffic).to.include({ inFlight: 2, waiting: 1 });
    traffic.ended(true);
    expect(traffic).to.include({ inFlight: 1, waiting: 1 });
    traffic.ended(false);
    expect(traffic).to.include({ inFlight: 0, waiting: 0 });
  });

  it("tells once that it has been ejected", () => {
    let told = 0;
    const traffic = new EdgeTraffic(() => {
      told += 1;
    });
    for (let i = 0; i < 6; i += 1) traffic.failed(100, "failed");
    expect(told).to.equal(1);
    expect(traffic.ejection.until).to.equal(1100);
  });

  it("forgets what the process before it did", () => {
    const traffic = new EdgeTraffic();
    traffic.failed(100, "rubbish");
    traffic.restarted();
    expect(traffic.ejection.times).to.equal(0);
  });

  it("knows the 95th percentile of recent first bytes, of 20 at least", () => {
    const traffic = new EdgeTraffic();
    for (let ms = 1; ms <= 19; ms += 1) traffic.answered(1000, ms);
    expect(traffic.p95Ms(1000)).to.equal(undefined);
    traffic.answered(1000, 20);
    expect(traffic.p95Ms(1500)).to.be.a("number");
    for (let ms = 21; ms <= 100; ms += 1) traffic.answered(1000, ms);
    expect(traffic.p95Ms(2000)).to.equal(95);
    expect(traffic.p95Ms(62_000)).to.equal(undefined);
  });

  it("is busy after 32 answers within two seconds, for five seconds", () => {
    const traffic = new EdgeTraffic();
    for (let answer = 0; answer < 31; answer += 1) traffic.answered(10_000 + answer * 60, 5);
    expect(traffic.isBusy(11_800)).to.equal(false);
    traffic.answered(11_860, 5);
    expect([traffic.isBusy(11_860), traffic.isBusy(16_860), traffic.isBusy(16_861)]).to.deep.equal([
      true,
      true,
      false,
    ]);
  });

  it("is not busy when its answers are far apart", () => {
    const traffic = new EdgeTraffic();
    for (let answer = 0; answer < 200; answer += 1) traffic.answered(10_000 + answer * 70, 5);
    expect(traffic.isBusy(10_000 + 199 * 70)).to.equal(false);
  });
});
