import { createServer, type Server } from "node:net";
import { expect } from "chai";
import { describeError, Failure } from "./failure.ts";
import { cannotListen, holdPorts, hostPort, listen } from "./listen.ts";

describe("listening", () => {
  const servers: Server[] = [];
  const server = () => {
    const made = createServer();
    servers.push(made);
    return made;
  };
  afterEach(() => {
    for (const each of servers.splice(0)) each.close();
  });

  async function failureOf(promise: Promise<unknown>): Promise<Failure> {
    try {
      await promise;
    } catch (thrown) {
      if (thrown instanceof Failure) return thrown;
      throw thrown;
    }
    throw new Error("it listens");
  }

  it("on port 0 gives the port that the system chose", async () => {
    expect(await listen(server(), "127.0.0.1", 0, "data port")).to.be.greaterThan(0);
  });

  it("keeps ports for those that share them, and for nobody else, until they are released", async () => {
    const host = "127.0.0.1";
    const held = await holdPorts({ host, port: 0, tlsPort: 0 }, "data port");
    const { port, tlsPort = 0 } = held;
    for (const each of [port, tlsPort]) {
      expect((await failureOf(listen(server(), host, each, "another"))).code).to.equal("port-in-use");
      await listen(server(), host, each, "one of them", "shared");
    }
    await held.release();
    const again = await failureOf(holdPorts({ host, port, tlsPort: undefined }, "data port"));
    expect(again.code, "those that share it have it still").to.equal("port-in-use");
  });

  it("keeps no port where another one cannot be had", async () => {
    const host = "127.0.0.1";
    const taken = await listen(server(), host, 0, "another");
    const free = server();
    const port = await listen(free, host, 0, "data port");
    await new Promise((resolve) => free.close(resolve));
    const failure = await failureOf(holdPorts({ host, port, tlsPort: taken }, "data port"));
    expect(failure.message).to.match(/^data port, by TLS: .* is in use/);
    expect(await listen(server(), host, port, "data port")).to.equal(port);
  });

  it("says in one sentence which port of which part is in use", async () => {
    const port = await listen(server(), "127.0.0.1", 0, "first");
    const failure = await failureOf(listen(server(), "127.0.0.1", port, "edge-1 HTTP data port"));
    expect([failure.code, failure.source]).to.deep.equal(["port-in-use", "config"]);
    expect(failure.message).to.equal(
      `edge-1 HTTP data port: 127.0.0.1:${port} is in use; stop the program that listens there or choose another port`,
    );
    expect(describeError(failure), "a start prints nothing more").to.equal(failure.message);
  });

  it("says when the address is not one of this machine", async () => {
    // RFC 5737: 192.0.2.0/24 is for documentation, no machine has it.
    const failure = await failureOf(listen(server(), "192.0.2.1", 0, "data port"));
    expect(failure.code).to.equal("cannot-listen");
    expect(failure.message).to.contain("192.0.2.1:0 is not an address of this machine");
  });

  it("has a sentence for every way in which the system refuses", () => {
    for (const code of ["EACCES", "ENOTFOUND", "EAI_AGAIN", "EMFILE"]) {
      const failure = cannotListen("data port", "a:1", Object.assign(new Error("refused"), { code }));
      expect(failure.message, code).to.match(/^data port: a:1 \S.*/);
    }
  });

  it("names the remedy where the system cannot share a port", () => {
    const cause = Object.assign(new Error("listen ENOTSUP"), { code: "ENOTSUP" });
    expect(cannotListen("data port", "a:1", cause).message).to.equal(
      "data port: a:1 cannot be shared by several threads on this system; use --workers 1, or Linux",
    );
  });

  it("writes IPv6 addresses in brackets", () => {
    expect([hostPort("::1", 80), hostPort("127.0.0.1", 80)]).to.deep.equal(["[::1]:80", "127.0.0.1:80"]);
  });
});
