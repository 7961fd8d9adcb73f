import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect } from "chai";
import { get } from "../test/rig/http-client.ts";
import { RoutedEdge } from "../test/rig/routed-edge.ts";

const main = resolve(import.meta.dirname, "main.ts");

describe("the router's program", () => {
  function start(...argv: string[]) {
    const child = spawn(process.execPath, [main, ...argv], { stdio: ["ignore", "pipe", "pipe"], env: {} });
    const said = { out: "", err: "" };
    child.stdout.on("data", (text) => {
      said.out += text;
    });
    child.stderr.on("data", (text) => {
      said.err += text;
    });
    return { child, said, closed: once(child, "close") };
  }

  it("prints its help and exits with 0", async () => {
    const { said, closed } = start("--help");
    expect(await closed).to.deep.equal([0, null]);
    expect(said.out).to.contain("usage: npm run router --").and.contain("--admin-port");
    expect(said.err).to.equal("");
  });

  it("names every wrong setting on stderr and exits with 2", async () => {
    const { said, closed } = start("--port", "70000", "--edges", "here");
    expect(await closed).to.deep.equal([2, null]);
    expect(said.err).to.match(/^router: --port: must be .*\nrouter: --edges: must be .*\n$/);
  });

  it("routes, and stops on SIGTERM with 0", async () => {
    const edge = await RoutedEdge.start("only");
    const { child, said, closed } = start("--port", "0", "--admin-port", "0", "--edges", edge.grpcAddress);
    const listening = () => /^.*"msg":"router listening".*$/m.exec(said.err)?.[0];
    while (listening() === undefined) await once(child.stderr, "data");
    const { port } = JSON.parse(listening() ?? "");
    expect((await get(`http://127.0.0.1:${port}`, "/")).text).to.equal("only");
    child.kill("SIGTERM");
    expect(await closed).to.deep.equal([0, null]);
    await edge.stop();
  });
});
