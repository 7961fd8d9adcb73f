import { expect } from "chai";
import { ask, get } from "../../test/rig/http-client.ts";
import { HttpOrigin, type Reply } from "../../test/rig/http-origin.ts";
import { stats } from "../../test/rig/purge.ts";
import { startTestEdge, type TestEdge } from "../../test/rig/test-edge.ts";
import { until } from "../../test/rig/until.ts";

const MIB = 2 ** 20;
// More than the system's buffers hold for a client that does not read, several times over.
const SIZE = 32 * MIB;

/** Every 4 bytes tell their place, and the version. */
function bodyOf(version: number): Buffer {
  const words = new Uint32Array(SIZE / 4);
  for (let i = 0; i < words.length; i += 1) words[i] = i ^ (version << 24);
  return Buffer.from(words.buffer);
}

describe("a reader that the others left behind", () => {
  const first = bodyOf(1);
  let origin: HttpOrigin;
  let edge: TestEdge;

  beforeEach(async () => {
    origin = await HttpOrigin.start();
    // A quarter of the memory is the largest body that is kept.
    edge = await startTestEdge(origin.url, { memory: 4 * MIB });
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  /** Two clients ask at the same time, and one does not read until the other has everything. Returns the answer of the late one. */
  async function lateBody(...replies: readonly Reply[]): Promise<Buffer> {
    const fields = origin.hold("/large", "fields");
    origin.answer("/large", (_request, count) => replies[count - 1] ?? { status: 500 });
    const starting = ask(edge.url, "/large");
    await origin.received("/large");
    const joining = ask(edge.url, "/large");
    await until("the second waits for the first", async () => (await stats(edge.control)).collapsed > 0);
    fields.open();
    const [late, prompt] = await Promise.all([starting, joining]);
    expect((await prompt.finish()).body.equals(first)).to.equal(true);
    return (await late.finish()).body;
  }

  const reply = (body: Buffer, ...more: (readonly [string, string])[]): Reply => ({
    fields: [["Cache-Control", "max-age=60"], ...more],
    body,
  });

  it("gets the rest of the same entity tag", async () => {
    const tagged = reply(first, ["ETag", '"v1"']);
    expect((await lateBody(tagged, tagged)).equals(first)).to.equal(true);
    expect(origin.requests("/large").map((request) => request.header("If-Range"))).to.deep.equal([
      undefined,
      '"v1"',
    ]);
  });

  it("gets the rest of another answer that begins with what it has had, where there is no entity tag", async () => {
    const last = Buffer.from(first);
    last[SIZE - 1] = 1;
    expect((await lateBody(reply(first), reply(last))).equals(last)).to.equal(true);
    expect(origin.count("/large")).to.equal(2);
  });

  const others: readonly (readonly [string, Reply])[] = [
    ["begins otherwise", reply(bodyOf(2))],
    ["has another length", reply(first.subarray(1))],
    ["was changed at another time", reply(first, ["Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"])],
    ["is an error", { status: 503, fields: [], body: first }],
  ];
  for (const [what, other] of others) {
    it(`is cut off when the second answer ${what}`, async () => {
      const error = await lateBody(reply(first), other).catch((thrown: unknown) => thrown);
      expect(String(error)).to.contain("aborted");
    });
  }

  it("is told that what is larger than may be kept is not stored", async () => {
    origin.answer("/large", reply(first));
    for (const _ of [1, 2]) {
      expect((await get(edge.url, "/large")).header("Cache-Status")).to.equal(
        "edge-1; fwd=uri-miss; fwd-status=200; detail=too-large",
      );
    }
  });
});
