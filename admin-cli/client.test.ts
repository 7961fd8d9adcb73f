import { createServer, type Server, type Socket } from "node:net";
import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import { listen } from "../process/listen.ts";
import { callFailure, connectEdge, protoDuration } from "./client.ts";

describe("callFailure", () => {
  const said = (code: status, details = "") => callFailure("127.0.0.1:50051", { code, details });

  it("says that no edge answers, without the library's own words", () => {
    const failure = said(status.UNAVAILABLE, "No connection established. Last error: ...");
    expect(failure.message).to.equal("no edge answers at 127.0.0.1:50051");
    expect(failure.code).to.equal("edge-unreachable");
  });

  it("tells an edge that cannot do its work from one that is not there", () => {
    const failure = said(status.UNAVAILABLE, "the purge log does not answer");
    expect(failure.message).to.equal("127.0.0.1:50051 is unavailable: the purge log does not answer");
    expect(failure.code).to.equal("call-failed");
  });

  it("passes on what an edge says of a call that it refuses", () => {
    const failure = said(status.INVALID_ARGUMENT, "targets[0].url: must begin with /: x");
    expect(failure.message).to.equal(
      "127.0.0.1:50051 refused the call: targets[0].url: must begin with /: x",
    );
    expect(failure.code).to.equal("refused");
  });

  it("names the variable for the token when an edge refuses the caller's", () => {
    const failure = said(status.UNAUTHENTICATED, "authorization: must be `Bearer`: got none");
    expect(failure.message).to.equal(
      "127.0.0.1:50051 refused the call: set EDGECACHE_TOKEN to the fleet's token (got none)",
    );
    expect(failure.code).to.equal("refused");
  });

  it("names the variable of the read token where that token is enough", () => {
    const failure = said(
      status.UNAUTHENTICATED,
      "authorization: must be `Bearer <the edge's EDGECACHE_TOKEN or EDGECACHE_READ_TOKEN>`: got none",
    );
    expect(failure.message).to.equal(
      "127.0.0.1:50051 refused the call: set EDGECACHE_TOKEN to the fleet's token or EDGECACHE_READ_TOKEN to its read token (got none)",
    );
  });

  it("tells a deadline from an edge that is not there", () => {
    expect(said(status.DEADLINE_EXCEEDED).code).to.equal("no-answer");
  });

  it("names a peer that does not know the service", () => {
    expect(said(status.UNIMPLEMENTED).message).to.contain("is not an edgeCache edge");
  });

  it("names any other status", () => {
    expect(said(status.INTERNAL, "oops").message).to.equal("127.0.0.1:50051 failed the call: INTERNAL: oops");
  });
});

describe("protoDuration", () => {
  it("splits milliseconds into seconds and nanoseconds", () => {
    expect(protoDuration(1500)).to.deep.equal({ seconds: 1, nanos: 500_000_000 });
    expect(protoDuration(0)).to.deep.equal({ seconds: 0, nanos: 0 });
  });
});

describe("connectEdge to a peer that accepts and says nothing", () => {
  const accepted: Socket[] = [];
  let server: Server;
  let address: string;

  before(async () => {
    server = createServer((socket) => accepted.push(socket));
    address = `127.0.0.1:${await listen(server, "127.0.0.1", 0, "silent peer")}`;
  });
  after(() => {
    for (const socket of accepted) socket.destroy();
    server.close();
  });

  it("gives up at the deadline", async () => {
    const client = connectEdge(address, { token: undefined, identity: undefined });
    const outcome = await client.ping(50).catch((thrown: unknown) => thrown);
    client.close();
    expect(outcome).to.have.property("code", "no-answer");
  });
});

describe("callFailure of a connection that one side does not trust", () => {
  it("names the address and says what the other side may want", () => {
    const details = "No connection established. Last error: Failed to connect (now). Resolution note: ";
    const failure = callFailure("127.0.0.1:50051", { code: status.UNAVAILABLE, details }, false);
    expect(failure.message).to.equal(
      "127.0.0.1:50051 closed the connection at once: it may speak TLS only (--control-ca)",
    );
    expect(failure.code).to.equal("edge-untrusted");
  });
});
