import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";

describe("a program that is told to stop while it starts", () => {
  let server: Server;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    server = createServer((socket) => sockets.push(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });

  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  /** How it ends after SIGTERM at the moment at which it connects to a server that it needs, and that says nothing. */
  async function endOf(...command: readonly string[]) {
    const { port } = server.address() as AddressInfo;
    const args = command.map((word) => word.replace("SERVER", `127.0.0.1:${port}`));
    const child = spawn(process.execPath, args, { stdio: "ignore", env: {} });
    try {
      await once(server, "connection");
      child.kill("SIGTERM");
      return await once(child, "exit");
    } finally {
      child.kill("SIGKILL");
    }
  }

  it("stops as at any time, when it is a router", async () => {
    const ports = ["--port", "0", "--admin-port", "0"];
    expect(await endOf("router/main.ts", ...ports, "--edges", "SERVER")).to.deep.equal([0, null]);
  });

  it("stops as at any time, when it is an edge", async () => {
    const ports = ["--port", "0", "--grpc-port", "0", "--admin-port", "0"];
    const flags = ["--origin", "assets", "--drain", "0", "--redis", "redis://SERVER"];
    expect(await endOf("edge/main.ts", ...ports, ...flags)).to.deep.equal([0, null]);
  });
});
