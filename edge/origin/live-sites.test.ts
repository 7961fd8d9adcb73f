import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { pino } from "pino";
import { Fields } from "../../http/message/fields.ts";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { Gate } from "../../test/rig/gate.ts";
import { HttpOrigin } from "../../test/rig/http-origin.ts";
import { SAFE_RULES } from "../rules/site-rules.ts";
import { GiveUp } from "./give-up.ts";
import { LiveSites } from "./live-sites.ts";
import type { Site } from "./sites.ts";

const CONTEXT = { via: "edge-1", clock: systemClock, random: Math.random, log: createLog("test", "silent") };

describe("the sites of a running edge", () => {
  let folder: string;
  let live: LiveSites;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgecache-sites-"));
    await writeFile(join(folder, "a.txt"), "content");
  });
  after(() => rm(folder, { recursive: true }));
  afterEach(() => live.close());

  const files = (name: string, path = folder, hosts: readonly string[] = []): Site => ({
    name,
    hosts,
    origin: { kind: "directory", path },
  });

  it("are replaced all at once, and keep the origins that have not changed", async () => {
    live = await LiveSites.open([files("a"), files("b", tmpdir(), ["b.example"])], 1_000, CONTEXT);
    const [a, b] = [live.origins.get("a"), live.origins.get("b")];
    const { generation } = live.table;
    const strict = { ...SAFE_RULES, setCookie: "strip" } as const;
    const moved = { ...files("a", folder, ["b.example"]), rules: strict };
    await live.replace([moved, files("b", folder)], 1_000);
    expect(live.origins.get("a")).to.equal(a);
    expect(live.origins.get("b")).to.not.equal(b);
    expect(live.rules.get("a")?.setCookie).to.equal("strip");
    expect([live.table.of("b.example"), live.table.of("x.example")]).to.deep.equal(["a", "b"]);
    expect(live.table.generation).to.not.equal(generation);
  });

  it("stay as they are when one of the new ones cannot be opened", async () => {
    live = await LiveSites.open([files("a")], 1_000, CONTEXT);
    const before = [live.origins.get("a"), live.table.digest, live.table.generation];
    const failure = await live.replace([files("c"), files("d", "/no/such/folder")], 1_000).catch(String);
    expect(failure).to.contain("/no/such/folder");
    expect([live.origins.get("a"), live.table.digest, live.table.generation]).to.deep.equal(before);
    expect([...live.origins.keys()]).to.deep.equal(["a"]);
  });

  it("are told of in the log when they cannot be replaced, and not when the edge cannot start", async () => {
    const told: string[] = [];
    const write = (line: string) => told.push(JSON.parse(line).msg);
    const context = { ...CONTEXT, log: pino({ base: null }, { write }) };
    expect(await LiveSites.open([files("d", "/no/such/folder")], 1_000, context).catch(String)).to.contain(
      "/no/such/folder",
    );
    expect(told).to.deep.equal([]);
    live = await LiveSites.open([files("a")], 1_000, context);
    await live.replace([files("d", "/no/such/folder")], 1_000).catch(() => undefined);
    expect(told).to.deep.equal(["a site cannot be opened; the sites stay"]);
  });

  it("open an origin anew when another protocol is to be spoken with it", async () => {
    const site = { ...files("a"), origin: { kind: "http", url: new URL("http://127.0.0.1:1") } } as const;
    live = await LiveSites.open([site], 1_000, CONTEXT);
    const before = live.origins.get("a");
    await live.replace([{ ...site, protocol: "h2c" }], 1_000);
    expect(live.origins.get("a")).to.not.equal(before);
  });

  it("open a directory anew when its files are to stay fresh for another time", async () => {
    live = await LiveSites.open([files("a")], 1_000, CONTEXT);
    const before = live.origins.get("a");
    await live.replace([files("a")], 2_000);
    expect(live.origins.get("a")).to.not.equal(before);
  });

  it("let a request under way at an origin that goes end as it began", async () => {
    const [arrived, goOn] = [new Gate(), new Gate()];
    const origin = await HttpOrigin.start({
      "/slow": async () => {
        arrived.open();
        await goOn.passed;
        return { body: "whole" };
      },
    });
    live = await LiveSites.open(
      [{ name: "a", hosts: [], origin: { kind: "http", url: origin.url } }],
      0,
      CONTEXT,
    );
    const request = { method: "GET", target: "/slow", fields: Fields.of([]) };
    const fetched = live.origins.get("a")?.fetch(request, new GiveUp());
    await arrived.passed;
    await live.replace([files("a")], 0);
    goOn.open();
    const pieces: Uint8Array[] = [];
    for await (const piece of (await fetched)?.body ?? []) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).to.equal("whole");
    await origin.stop();
  });
});
