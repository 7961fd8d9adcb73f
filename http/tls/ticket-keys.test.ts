import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { createLog } from "../../process/log.ts";
import { CertificateFolder } from "../../test/rig/certificate-files.ts";
import { TICKET_KEY_BYTES, TicketKeys } from "./ticket-keys.ts";

const HOUR_MS = 3_600_000;

describe("the key of session tickets", () => {
  const log = createLog("test", "silent");
  let folder: CertificateFolder;
  let path: string;
  let aheadMs: number;
  const clock = { wall: () => Date.now() + aheadMs };

  beforeEach(() => {
    aheadMs = 0;
    folder = new CertificateFolder();
    path = folder.file("tickets");
  });
  afterEach(() => folder.remove());

  it("is made once for all programs that share the file, readable by their user alone", () => {
    const first = new TicketKeys(path, clock, log);
    const second = new TicketKeys(path, clock, log);
    expect(first.key.length).to.equal(TICKET_KEY_BYTES);
    expect(second.key.equals(first.key)).to.equal(true);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
  });

  it("is renewed after twelve hours by the first program that looks, and the others follow", () => {
    const first = new TicketKeys(path, clock, log);
    const second = new TicketKeys(path, clock, log);
    aheadMs = 12 * HOUR_MS - 60_000;
    expect([first.refresh(), second.refresh()]).to.deep.equal([false, false]);
    folder.age(path, 12 * HOUR_MS);
    aheadMs = 0;
    expect(first.refresh()).to.equal(true);
    expect(second.refresh()).to.equal(true);
    expect(second.key.equals(first.key)).to.equal(true);
    expect(readFileSync(path).equals(first.key)).to.equal(true);
  });

  it("is the same in memory for the threads of a process", async () => {
    const { key } = new TicketKeys(undefined, clock, log);
    const program = `
      const { TicketKeys } = await import(${JSON.stringify(new URL("ticket-keys.ts", import.meta.url).href)});
      const { parentPort } = await import("node:worker_threads");
      parentPort.postMessage(new TicketKeys(undefined, { wall: () => Date.now() }, console).key);
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
    const [its] = await once(worker, "message");
    expect(key.equals(its)).to.equal(true);
    await worker.terminate();
  });

  it("is renewed in memory too", () => {
    const keys = new TicketKeys(undefined, clock, log);
    const { key } = keys;
    expect(keys.refresh()).to.equal(false);
    aheadMs = 12 * HOUR_MS;
    expect([keys.refresh(), keys.key.equals(key)]).to.deep.equal([true, false]);
  });

  it("is refused when the file has something else", () => {
    writeFileSync(path, "hello");
    expect(() => new TicketKeys(path, clock, log)).to.throw(
      `--tls-ticket-keys: must be a file of 48 bytes, or not exist yet; ${path} has 5`,
    );
  });

  it("lives in memory when the file cannot be written", () => {
    const keys = new TicketKeys(folder.file("no/such/folder"), clock, log);
    expect(keys.key.length).to.equal(TICKET_KEY_BYTES);
    expect(keys.refresh()).to.equal(false);
  });
});
