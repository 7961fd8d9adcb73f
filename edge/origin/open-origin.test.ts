import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { originContract } from "../../test/contracts/origin.contract.ts";
import { failureOf } from "../../test/rig/fetching.ts";
import { HttpOrigin } from "../../test/rig/http-origin.ts";
import { CLIENT_HOST } from "./host-policy.ts";
import { openOrigin } from "./open-origin.ts";

const context = {
  ttlMs: 60_000,
  host: CLIENT_HOST,
  via: "edge-1",
  clock: systemClock,
  random: () => 0,
  log: createLog("test", "silent"),
};

describe("openOrigin", () => {
  it("refuses a directory that does not exist, by its name", async () => {
    const failure = await failureOf(openOrigin({ kind: "directory", path: "/no/such/site" }, context));
    expect(failure.code).to.equal("bad-config");
    expect(failure.message).to.contain("/no/such/site");
    expect(failure.message).not.to.contain("did you mean");
  });

  it("guesses that a scheme was forgotten where a server was given", async () => {
    for (const [given, meant] of [
      ["127.0.0.1:8000", "127.0.0.1:8000"],
      ["localhost:8000/shop", "localhost:8000"],
      ["shop.example", "shop.example"],
    ]) {
      const failure = await failureOf(openOrigin({ kind: "directory", path: given ?? "" }, context));
      expect(failure.message).to.contain(`got "${given}"; did you mean http://${meant}?`);
    }
    const failure = await failureOf(openOrigin({ kind: "directory", path: "./shop.example" }, context));
    expect(failure.message).not.to.contain("did you mean");
  });

  describe("on a directory", () => {
    originContract(async (files) => {
      const path = await mkdtemp(join(tmpdir(), "edgecache-origin-"));
      for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
      const origin = await openOrigin({ kind: "directory", path }, context);
      return { origin, stop: () => rm(path, { recursive: true }) };
    });
  });

  describe("on an HTTP server", () => {
    originContract(async (files) => {
      const server = await HttpOrigin.start();
      for (const [path, body] of Object.entries(files)) server.answer(path, { body });
      const origin = await openOrigin({ kind: "http", url: server.url }, context);
      return { origin, stop: () => origin.close().then(() => server.stop()) };
    });
  });

  describe("on several HTTP servers, of which the preferred one is away", () => {
    originContract(async (files) => {
      const [away, server] = [await HttpOrigin.start(), await HttpOrigin.start()];
      await away.stop();
      for (const [path, body] of Object.entries(files)) server.answer(path, { body });
      const origin = await openOrigin({ kind: "several", urls: [away.url, server.url] }, context);
      return { origin, stop: () => origin.close().then(() => server.stop()) };
    });
  });
});
