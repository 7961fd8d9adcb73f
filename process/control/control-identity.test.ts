import { copyFileSync } from "node:fs";
import { expect } from "chai";
import { ControlCertificates, type PairFiles } from "../../test/rig/control-certificates.ts";
import { systemClock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { ControlIdentity } from "./control-identity.ts";

describe("the control identity of a running program", () => {
  let fleet: ControlCertificates;
  let edge: PairFiles;
  let lines: string[];

  beforeEach(async () => {
    fleet = await ControlCertificates.make();
    edge = await fleet.server("edge-1");
    lines = [];
  });
  afterEach(() => fleet.remove());

  const tell = (_fields: unknown, message = "") => void lines.push(message);
  const log = { info: tell, warn: tell, error: tell };
  const open = (pair = edge) => new ControlIdentity({ ca: fleet.ca, pair }, systemClock, log);

  it("follows its files", async () => {
    const identity = open();
    let changes = 0;
    identity.onChange(() => {
      changes += 1;
    });
    identity.refresh();
    expect(changes).to.equal(0);
    await fleet.server("edge-1", { days: 25 });
    identity.refresh();
    expect(changes).to.equal(1);
    expect(Math.floor((identity.endsAt - Date.now()) / 86_400_000)).to.equal(24);
    expect(lines).to.deep.equal(["control certificates reloaded"]);
  });

  it("stays as it was while the pair is half replaced, and says so once", async () => {
    const identity = open();
    const { current } = identity;
    const next = await fleet.server("next");
    copyFileSync(next.cert, edge.cert);
    identity.refresh();
    identity.refresh();
    expect(identity.current).to.equal(current);
    expect(lines).to.deep.equal(["control certificates not reloaded; the last good ones serve"]);
    copyFileSync(next.key, edge.key);
    identity.refresh();
    expect(identity.current.names).to.deep.equal(["next", "localhost"]);
  });

  it("tells grpc-js what it has, and each change", async () => {
    const identity = open();
    const told: (string | undefined)[] = [];
    const listen = (update: { readonly certificate: Buffer } | null) =>
      void told.push(update?.certificate.toString());
    identity.addIdentityCertificateListener(listen);
    await Promise.resolve();
    await fleet.server("edge-1");
    identity.refresh();
    expect(told.at(-1)).to.equal(identity.current.pair?.cert);
    identity.removeIdentityCertificateListener(listen);
    const count = told.length;
    await fleet.server("edge-1");
    identity.refresh();
    expect(told).to.have.length(count);
  });

  it("is for the hosts and addresses that its certificate names", () => {
    const identity = open();
    const isFor = (host: string) => identity.isFor(host);
    expect(["edge-1", "EDGE-1", "127.0.0.1"].map(isFor)).to.deep.equal([true, true, true]);
    expect(["edge-2", "127.0.0.2", "::1", "x.edge-1"].map(isFor)).to.deep.equal([false, false, false, false]);
  });

  it("is warned of in the last two weeks", async () => {
    open(await fleet.server("soon", { days: 13 }));
    expect(lines).to.deep.equal(["a control certificate ends soon"]);
    lines.length = 0;
    open(await fleet.server("later", { days: 15 }));
    expect(lines).to.deep.equal([]);
  });

  it("does not begin with files that cannot be used", async () => {
    const expired = await fleet.server("expired", { from: -2, days: -1 });
    expect(() => open(expired)).to.throw(Failure, /^--control-cert: must be valid now, .* expired at /);
  });
});
