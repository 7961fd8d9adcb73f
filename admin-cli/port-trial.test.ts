import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect } from "chai";
import { portTrouble } from "./port-trial.ts";

describe("a port that is tried", () => {
  it("has no trouble while somebody listens there, and says what is wrong otherwise", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    expect(await portTrouble(`127.0.0.1:${port}`)).to.equal(undefined);
    server.close();
    await once(server, "close");
    expect(await portTrouble(`127.0.0.1:${port}`)).to.contain("ECONNREFUSED");
    expect(await portTrouble("unix:/dev/null")).to.equal("it is not host:port");
  });
});
