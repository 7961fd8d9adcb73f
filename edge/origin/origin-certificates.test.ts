import { copyFileSync } from "node:fs";
import { expect } from "chai";
import { ControlCertificates, type PairFiles } from "../../test/rig/control-certificates.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { OriginCertificates } from "./origin-certificates.ts";
import { USUAL_ORIGIN_TLS } from "./origin-tls.ts";

describe("the certificates for an HTTPS origin", () => {
  let authority: ControlCertificates;
  let pair: PairFiles;
  let clock: ManualClock;
  let lines: string[];

  beforeEach(async () => {
    authority = await ControlCertificates.make();
    pair = await authority.client("edge-1");
    clock = new ManualClock(Date.now());
    lines = [];
  });
  afterEach(() => authority.remove());

  function open(): OriginCertificates {
    const log = {
      info: (line: string) => void lines.push(line),
      error: (_fields: object, line: string) => void lines.push(line),
    };
    // Ours takes either form.
    return new OriginCertificates({ ...USUAL_ORIGIN_TLS, ca: authority.ca, ...pair }, "a", {
      clock,
      log: log as never,
    });
  }

  it("follow their files, which are looked at every five seconds at most", async () => {
    const certificates = open();
    const first = certificates.context();
    await authority.client("edge-1");
    await clock.advance(4_999);
    expect(certificates.context()).to.equal(first);
    await clock.advance(1);
    const second = certificates.context();
    expect(second).not.to.equal(first);
    await clock.advance(5_000);
    expect(certificates.context()).to.equal(second);
    expect(lines).to.deep.equal(["origin certificates reloaded"]);
  });

  it("stay as they were while a pair is half replaced, and say so once", async () => {
    const certificates = open();
    const first = certificates.context();
    const next = await authority.client("next");
    copyFileSync(next.cert, pair.cert);
    for (let look = 0; look < 2; look++) {
      await clock.advance(5_000);
      expect(certificates.context()).to.equal(first);
    }
    expect(lines).to.deep.equal(["origin certificates not reloaded; the last good ones serve"]);
    copyFileSync(next.key, pair.key);
    await clock.advance(5_000);
    expect(certificates.context()).not.to.equal(first);
  });
});
