import { once } from "node:events";
import { type ClientReadableStream, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { expect } from "chai";
import { Token } from "../../process/control/tokens.ts";
import {
  EdgeServiceClient,
  type SeenRequest,
  type TopRequest,
  type TopResponse,
  type WatchRequestsRequest,
  type WatchRequestsResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";
import { get } from "../../test/rig/http-client.ts";
import { HttpOrigin } from "../../test/rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../../test/rig/test-edge.ts";

const ANYTHING: WatchRequestsRequest = { rate: 0, outcomes: [], urlPrefix: "", site: "", statusClass: 0 };

type Stream = ClientReadableStream<WatchRequestsResponse>;

describe("WatchRequests and Top", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let client: EdgeServiceClient;

  before(async () => {
    origin = await HttpOrigin.start({
      "/kept/a": { fields: [["Cache-Control", "max-age=60"]], body: "kept" },
      "/cookie/a": {
        fields: [
          ["Cache-Control", "max-age=60"],
          ["Set-Cookie", "a=b"],
        ],
        body: "cookie",
      },
      "/missing": { status: 404, fields: [], body: "" },
    });
  });
  after(() => origin.stop());

  async function start(options: Parameters<typeof startTestEdge>[1] = {}): Promise<void> {
    edge = await startTestEdge(origin.url, options);
    client = new EdgeServiceClient(edge.control, credentials.createInsecure());
  }
  afterEach(async () => {
    client.close();
    await edge.stop();
  });

  function watch(wanted: Partial<WatchRequestsRequest> = {}, token?: string): Stream {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
    return client.watchRequests({ ...ANYTHING, ...wanted }, metadata);
  }

  /** The stream is open when it has sent something. */
  async function opened(wanted: Partial<WatchRequestsRequest> = {}, token?: string): Promise<Stream> {
    const stream = watch(wanted, token);
    await once(stream, "data");
    stream.pause();
    return stream;
  }

  function messages(stream: Stream): AsyncIterable<WatchRequestsResponse> {
    return stream;
  }

  /** The first `count` requests that the stream shows; then it is left. */
  async function seen(stream: Stream, count: number): Promise<SeenRequest[]> {
    const requests: SeenRequest[] = [];
    for await (const { requests: some } of messages(stream)) {
      requests.push(...some);
      if (requests.length >= count) break;
    }
    return requests;
  }

  async function refusal(stream: Stream): Promise<ServiceError> {
    stream.on("data", () => undefined);
    const [error] = await once(stream, "error");
    return error;
  }

  function top(request: Partial<TopRequest>, metadata = new Metadata()): Promise<TopResponse> {
    return new Promise((resolve, reject) => {
      client.top({ by: "", limit: 0, ...request }, metadata, (error, reply) =>
        error === null ? resolve(reply) : reject(error),
      );
    });
  }

  it("shows requests with the reason why they were no hits, and what would mend it", async () => {
    await start();
    const stream = await opened();
    for (const path of ["/kept/a", "/kept/a", "/cookie/a"]) await get(edge.url, path);
    const [miss, hit, cookie] = await seen(stream, 3);
    expect(miss).to.include({ outcome: "miss", status: 200, method: "GET", bytes: 4, mend: "" });
    expect(miss?.url).to.equal(`${edge.url}/kept/a`);
    expect(miss?.reason).to.equal("Nothing was stored for this URL.");
    expect(miss?.cacheStatus).to.match(/^edge-1; fwd=uri-miss; fwd-status=200; ttl=\d+; stored$/);
    expect(hit).to.include({ outcome: "hit", reason: "", mend: "" });
    expect(cookie?.reason).to.match(/^The response sets a cookie/);
    expect(cookie?.mend).to.equal(
      "set-cookie: strip, in a rule for /cookie/**, if no client needs the cookie",
    );
  });

  it("says why a stored response had to be validated", async () => {
    await start();
    await get(edge.url, "/kept/a");
    const stream = await opened({ outcomes: ["miss", "revalidated"] });
    const rules = { "Cache-Control": "no-cache" };
    await get(edge.url, "/kept/a", { headers: rules });
    const [validated] = await seen(stream, 1);
    expect(validated?.reason).to.match(/^A stored response had to be validated\. .*says `no-cache`\./);
    expect(validated?.mend).to.equal("client-cache-control: ignore, a setting of the site");
  });

  it("shows only what its caller wants, and counts the others", async () => {
    await start();
    const rows: readonly (readonly [Partial<WatchRequestsRequest>, string])[] = [
      [{ outcomes: ["hit"] }, "/kept/a"],
      [{ urlPrefix: "/cookie/" }, "/cookie/a"],
      [{ statusClass: 4 }, "/missing"],
      [{ site: "default", urlPrefix: "/missing" }, "/missing"],
    ];
    await get(edge.url, "/kept/a");
    for (const [wanted, path] of rows) {
      const stream = await opened(wanted);
      for (const each of ["/kept/a", "/cookie/a", "/missing"]) await get(edge.url, each);
      let passedOver = 0;
      const urls: string[] = [];
      for await (const message of messages(stream)) {
        passedOver += message.passedOver;
        urls.push(...message.requests.map(({ url }) => url));
        if (urls.length + passedOver >= 3) break;
      }
      expect(urls).to.deep.equal([`${edge.url}${path}`]);
      expect(passedOver).to.equal(2);
    }
  });

  it("refuses what nobody could mean, by field, rule and value", async () => {
    await start();
    const rows: readonly (readonly [Partial<WatchRequestsRequest>, RegExp])[] = [
      [{ rate: 201 }, /^rate: must be 1 to 200, or 0 for 20: got "?201"?$/],
      [{ outcomes: ["hits"] }, /^outcomes: must be of hit, miss, .*: got .*hits/],
      [{ outcomes: Array(7).fill("hit") }, /^outcomes: must be at most 6: got "?7"?$/],
      [{ statusClass: 6 }, /^status_class: must be 1 to 5, or 0 for all: got "?6"?$/],
    ];
    for (const [wanted, problem] of rows) {
      const error = await refusal(watch(wanted));
      expect(error.code).to.equal(status.INVALID_ARGUMENT);
      expect(error.details).to.match(problem);
    }
    for (const [asked, problem] of [
      [{ by: "age" }, /^by: must be one of requests, bytes, slowest, misses: got "?age"?$/],
      [{ limit: 101 }, /^limit: must be 1 to 100, or 0 for 20: got "?101"?$/],
    ] as const) {
      const error = await top(asked).catch((thrown: ServiceError) => thrown);
      expect(error).to.include({ code: status.INVALID_ARGUMENT });
      expect("details" in error && error.details).to.match(problem);
    }
  });

  it("is for those who may read", async () => {
    await start({ tokens: { token: new Token("full"), readToken: new Token("reading") } });
    expect((await refusal(watch())).code).to.equal(status.UNAUTHENTICATED);
    expect(await top({}).catch(({ code }: ServiceError) => code)).to.equal(status.UNAUTHENTICATED);
    for (const token of ["full", "reading"]) (await opened({}, token)).destroy();
  });

  it("has 20 streams at a time, and refuses a further one", async () => {
    await start();
    const streams = await Promise.all(Array.from({ length: 20 }, () => opened()));
    const error = await refusal(watch());
    expect(error.code).to.equal(status.RESOURCE_EXHAUSTED);
    expect(error.details).to.equal(
      "watch_requests: must be at most 20 streams at a time at edge-1; try again later",
    );
    for (const stream of streams) stream.destroy();
  });

  it("shows so many a second as its caller can read, and passes the others over", async () => {
    await start();
    const stream = await opened({ rate: 4 });
    await Promise.all(Array.from({ length: 12 }, () => get(edge.url, "/missing")));
    let passedOver = 0;
    let shown = 0;
    for await (const message of messages(stream)) {
      expect(message.requests).to.have.length.below(2);
      passedOver += message.passedOver;
      shown += message.requests.length;
      if (shown + passedOver >= 12) break;
    }
    expect(shown).to.be.within(1, 11);
  });

  it("ends with the edge", async () => {
    await start();
    const stream = await opened();
    stream.resume();
    const ended = once(stream, "end");
    await edge.drain();
    await edge.stop();
    await ended;
  });
});
