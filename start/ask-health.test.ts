import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { listen } from "../process/listen.ts";

describe("the container health check", () => {
  let server: Server;
  let url: string;
  beforeEach(async () => {
    server = createServer((request, response) => {
      response.statusCode = request.url === "/healthz" ? 200 : 503;
      response.end("lapsed");
    });
    url = `http://127.0.0.1:${await listen(server, "127.0.0.1", 0, "test")}`;
  });
  afterEach(() => server.close());

  async function ask(...args: string[]): Promise<{ code: unknown; said: string }> {
    const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve("./ask-health.ts")), ...args]);
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    const [code] = await once(child, "close");
    return { code, said };
  }

  it("succeeds when the port answers 200", async () => {
    expect(await ask(`${url}/healthz`)).to.deep.equal({ code: 0, said: "" });
  });

  it("fails with the reason when it answers otherwise", async () => {
    expect(await ask(`${url}/readyz`)).to.deep.equal({ code: 1, said: `${url}/readyz: 503 lapsed\n` });
  });

  it("fails when nothing listens, or no URL is given", async () => {
    server.close();
    expect((await ask(url)).code).to.equal(1);
    expect((await ask()).code).to.equal(1);
  });
});
