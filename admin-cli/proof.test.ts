import { expect } from "chai";
import { Failure } from "../process/failure.ts";
import { ControlCertificates } from "../test/rig/control-certificates.ts";
import { callerProof } from "./proof.ts";

describe("how a caller proves who it is", () => {
  let fleet: ControlCertificates;

  before(async () => {
    fleet = await ControlCertificates.make();
    await fleet.client("ann");
  });
  after(() => fleet.remove());

  it("is by nothing, a token, the files of options, or those of variables", () => {
    expect(callerProof({}, {})).to.deep.equal({ token: undefined, identity: undefined });
    expect(callerProof({}, { EDGECACHE_TOKEN: "s", EDGECACHE_CONTROL_CA: "" }).token).to.equal("s");
    const { cert, key } = fleet.files("ann");
    const files = {
      EDGECACHE_CONTROL_CA: fleet.ca,
      EDGECACHE_CONTROL_CERT: cert,
      EDGECACHE_CONTROL_KEY: key,
    };
    expect(callerProof({}, files).identity?.current.names).to.deep.equal(["ann"]);
    expect(callerProof({ "control-ca": fleet.ca }, {}).identity?.current.pair).to.equal(undefined);
  });

  it("is refused in halves, and with files that do not fit", () => {
    const refused = (values: Parameters<typeof callerProof>[0], problem: RegExp) =>
      expect(() => callerProof(values, {})).to.throw(Failure, problem);
    refused(
      { "control-cert": "a" },
      /^--control-cert, --control-key: must be given together, got only --control-cert$/,
    );
    refused(
      { "control-cert": "a", "control-key": "b" },
      /^--control-ca: must be given with --control-cert, got nothing$/,
    );
    refused({ "control-ca": fleet.path }, /^--control-ca: must be a file that can be read/);
  });
});
