import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import { Token } from "../../process/control/tokens.ts";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";
import { examined, refusal, type ScratchEdge, startScratchEdge } from "../../test/rig/scratch-edge.ts";
import { startTestRouter } from "../../test/rig/test-router.ts";

describe("admin-cli doctor", function () {
  this.timeout(20_000);
  let edges: [ScratchEdge, ScratchEdge];

  beforeEach(async () => {
    edges = [await startScratchEdge("edge-1"), await startScratchEdge("edge-2")];
    for (const { script } of edges) script.members = edges.map(member);
  });
  afterEach(async () => {
    for (const edge of edges) await edge.stop();
  });

  /** Something listens at its data port. */
  const member = (edge: ScratchEdge) => ({ ...edge.member(), httpAddress: edge.address });

  const doctor = (...argv: string[]) => runAdminCli(["doctor", ...argv, "--edge", edges[0].address]);

  it("finds nothing in a fleet that is well", async () => {
    expect(await doctor()).to.deep.equal({ code: 0, stdout: "nothing found\n", stderr: "" });
  });

  it("finds a data port that cannot be reached", async () => {
    edges[0].script.members = [member(edges[0]), { ...member(edges[1]), httpAddress: "127.0.0.1:1" }];
    const { code, stdout } = await doctor();
    expect(code).to.equal(0);
    expect(stdout).to.match(
      /^edge-2 {2}warning {2}data port {2}127\.0\.0\.1:1 cannot be reached .*ECONNREFUSED/,
    );
  });

  it("shows warnings, and exits with 1 when there is a problem", async () => {
    const warning = { severity: "warning", about: "a.pem", text: "it ends soon" };
    edges[1].script.examine = () => ({ kind: "answer", value: examined("edge-2", [warning]) });
    expect(await doctor()).to.deep.equal({
      code: 0,
      stdout: "edge-2  warning  a.pem  it ends soon\n",
      stderr: "",
    });
    await edges[1].stop();
    const { code, stdout } = await doctor("--json");
    expect(code).to.equal(1);
    expect(JSON.parse(stdout)).to.deep.equal({
      healthy: false,
      findings: [
        {
          program: "edge-2",
          severity: "problem",
          about: "connection",
          text: `no edge answers at ${edges[1].address}`,
        },
      ],
    });
  });

  it("tells why an edge does not say what it finds", async () => {
    edges[1].script.examine = () => refusal(status.PERMISSION_DENIED, "certificate: has no right to read");
    expect((await doctor()).stdout).to.equal(
      `edge-2  problem  connection  ${edges[1].address} refused the call: certificate: has no right to read\n`,
    );
    edges[1].script.examine = () => ({ kind: "answer", value: examined("edge-3") });
    expect((await doctor()).stdout).to.equal(
      `edge-2  problem  connection  ${edges[1].address} is now the address of edge-3\n`,
    );
    edges[0].script.members = [member(edges[0]), { ...member(edges[1]), grpcAddress: "nowhere" }];
    expect((await doctor()).stdout).to.equal(
      'edge-2  problem  connection  the address that it gives to the fleet must be host:port, got "nowhere"\n',
    );
  });

  it("tells why a router does not say what it finds", async () => {
    const router = await startTestRouter([], {
      edges: { kind: "listed", grpcAddresses: edges.map(({ address }) => address) },
      adminHost: "0.0.0.0",
      tokens: { token: new Token("right"), readToken: undefined },
    });
    const address = `127.0.0.1:${router.running.addresses.admin.port}`;
    const found = async () => (await doctor("--router", address)).stdout;
    expect(await found()).to.equal(
      `router ${address}  problem  connection  ${address} refused the question: Authorization: must be Bearer <the program's token or read token>: got none\n`,
    );
    await router.running.stop();
    expect(await found()).to.match(
      /^router \S+ {2}problem {2}connection {2}no router answers at \S+ \(.*ECONNREFUSED.*\)\n$/,
    );
  });
});
