import { expect } from "chai";
import { createLog } from "../../../process/log.ts";
import { FrailDisk } from "../../../test/rig/frail-disk.ts";
import { ManualClock } from "../../../test/rig/manual-clock.ts";
import { type DirectoryIdentity, identify } from "./directory-identity.ts";

/** Writes of whole files hang at the gate, and nothing is removed while there is an error. */
class GatedDisk extends FrailDisk {
  gate: PromiseWithResolvers<void> | undefined;
  removeError: Error | undefined;

  override async replace(name: string, bytes: Uint8Array): Promise<void> {
    await this.gate?.promise;
    await super.replace(name, bytes);
  }

  override async remove(name: string): Promise<void> {
    if (this.removeError !== undefined) throw this.removeError;
    await super.remove(name);
  }
}

describe("the identity of a disk directory, given up while it is written", () => {
  let disk: GatedDisk;
  let identity: DirectoryIdentity;

  beforeEach(async () => {
    disk = new GatedDisk();
    const parts = { clock: new ManualClock(), log: createLog("test", "silent"), newSeed: () => 1 };
    identity = await identify({ files: disk, edge: "edge-1", ...parts });
    disk.gate = Promise.withResolvers();
    identity.sitesOf({ default: "a" });
    await Promise.resolve();
    await identity.giveUp();
    expect(disk.names).to.deep.equal([]);
  });

  it("is not there when that write has ended", async () => {
    disk.gate?.resolve();
    await identity.kept();
    expect([disk.names, identity.isGivenUp]).to.deep.equal([[], true]);
  });

  it("is not taken for given up while the disk does not remove it", async () => {
    disk.removeError = new Error("EIO: the disk is broken");
    disk.gate?.resolve();
    await identity.kept();
    expect([disk.names, identity.isGivenUp]).to.deep.equal([["edge.json"], false]);
    disk.removeError = undefined;
    await identity.giveUp();
    expect([disk.names, identity.isGivenUp]).to.deep.equal([[], true]);
  });
});
