import { expect } from "chai";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

describe("an edge with two origins for one site", () => {
  let preferred: HttpOrigin;
  let other: HttpOrigin;
  let edge: TestEdge;

  beforeEach(async () => {
    const fields = [["Cache-Control", "no-store"]] as const;
    preferred = await HttpOrigin.start({ "/page": { fields, body: "preferred" } });
    other = await HttpOrigin.start({ "/page": { fields, body: "other" } });
    edge = await startTestEdge({ kind: "several", urls: [preferred.url, other.url] });
  });

  afterEach(async () => {
    await edge.stop();
    await other.stop();
  });

  it("goes on with the other one, and is ready, when the preferred one dies", async () => {
    expect((await get(edge.url, "/page")).text).to.equal("preferred");
    await preferred.stop();
    for (let i = 0; i < 10; i++) {
      const answer = await get(edge.url, "/page");
      expect([answer.status, answer.text]).to.deep.equal([200, "other"]);
    }
    expect((await get(edge.operator, "/readyz")).status).to.equal(200);
  });

  it("serves a POST from the other one once it knows, and never sends one twice", async () => {
    await preferred.stop();
    const post = { method: "POST", body: "a=1" };
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(await get(edge.url, "/page", post));
    expect(answers.map(({ status }) => status)).to.deep.equal([502, 502, 502, 200, 200]);
    expect(answers[0]?.header("proxy-status")).to.equal("edge-1; error=connection_refused");
    expect(other.count()).to.equal(2);
  });
});
