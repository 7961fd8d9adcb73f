import { createHash } from "node:crypto";
import { expect } from "chai";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

const digestOf = (text: string) => `:${createHash("sha256").update(text).digest("base64")}:`;
const [OLD, OLDER] = [digestOf("version 2"), digestOf("version 1")];

// RFC 9842. What is coded does not matter to the edge, so the bodies say what they stand for.
describe("compression dictionaries", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let vary: string;

  beforeEach(async () => {
    vary = "Accept-Encoding, Available-Dictionary";
    origin = await HttpOrigin.start();
    origin.answer("/app.js", (request) => {
      const dictionary = request.header("available-dictionary");
      const accepts = request.header("accept-encoding")?.includes("dcb") === true;
      const isCoded = accepts && dictionary !== undefined;
      return {
        fields: [
          ["Cache-Control", "max-age=600"],
          ["Vary", vary],
          ...(isCoded ? [["Content-Encoding", "dcb"] as const] : []),
        ],
        body: isCoded ? `by ${dictionary}` : "whole",
      };
    });
    edge = await startTestEdge(origin.url);
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  const ask = (dictionary?: string, accepted = "gzip, dcb") =>
    get(edge.url, "/app.js", {
      headers: {
        Host: "a",
        "Accept-Encoding": accepted,
        ...(dictionary === undefined ? {} : { "Available-Dictionary": dictionary }),
      },
    });

  it("reach the origin, and its responses are stored for each of them", async () => {
    for (const cache of ["MISS", "HIT"]) {
      for (const [dictionary, body] of [
        [undefined, "whole"],
        [OLD, `by ${OLD}`],
        [OLDER, `by ${OLDER}`],
      ] as const) {
        const reply = await ask(dictionary);
        expect([reply.text, reply.header("x-cache")]).to.deep.equal([body, cache]);
      }
    }
    expect((await ask(OLD, "gzip")).text).to.equal("whole");
  });

  it("are never mixed up when the origin leaves them out of Vary", async () => {
    vary = "Accept-Encoding";
    origin.answer("/app.js", {
      fields: [
        ["Cache-Control", "max-age=600"],
        ["Vary", vary],
        ["Content-Encoding", "dcb"],
      ],
      body: "by one of them",
    });
    for (let time = 0; time < 2; time += 1)
      expect((await ask(OLD)).header("cache-status")).to.contain("detail=vary");
  });
});
