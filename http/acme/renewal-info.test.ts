import { webcrypto } from "node:crypto";
import { createServer, type Server } from "node:https";
import { AuthorityKeyIdentifierExtension, X509CertificateGenerator } from "@peculiar/x509";
import { expect } from "chai";
import { listen } from "../../process/listen.ts";
import { makeCertificate } from "../../test/rig/certificate-files.ts";
import type { Transport } from "./acme-transport.ts";
import { certificateId, RenewalInfo } from "./renewal-info.ts";

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

async function certificateWith(serialNumber: string, keyId: string | undefined): Promise<string> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: "CN=a",
    keys,
    signingAlgorithm: algorithm,
    extensions: keyId === undefined ? [] : [new AuthorityKeyIdentifierExtension(keyId)],
  });
  return certificate.toString("pem");
}

describe("the identifier of a certificate", () => {
  it("is that of the example in RFC 9773 section 4.1", async () => {
    const pem = await certificateWith("87654321", "69885b6b87464041e1b37b847ba0ae2cde01c8d4");
    const key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    expect(certificateId(`${key}${pem}`)).to.equal("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    const low = await certificateWith("0765", "69885b6b87464041e1b37b847ba0ae2cde01c8d4");
    expect(certificateId(low)).to.equal("aYhba4dGQEHhs3uEe6CuLN4ByNQ.B2U");
  });

  it("is none for a certificate that names no issuer's key, and for no certificate", async () => {
    expect(certificateId(await certificateWith("01", undefined))).to.equal(undefined);
    expect(certificateId("nothing")).to.equal(undefined);
  });
});

describe("what a CA suggests for a renewal", () => {
  let server: Server;
  let transport: Transport;
  let directory: string;
  let told: { readonly status?: number; readonly retryAfter?: string; readonly body: string };
  let asked: (string | undefined)[];

  beforeEach(async () => {
    const { cert, key } = await makeCertificate(["localhost"]);
    asked = [];
    server = createServer({ cert, key }, ({ url }, response) => {
      asked.push(url);
      if (url === "/directory") response.end(JSON.stringify({ renewalInfo: `${base}/renewal` }));
      else if (url === "/old") response.end("{}");
      else {
        const fields = told.retryAfter === undefined ? {} : { "Retry-After": told.retryAfter };
        response.writeHead(told.status ?? 200, fields).end(told.body);
      }
    });
    const base = `https://localhost:${await listen(server, "127.0.0.1", 0, "CA")}`;
    directory = `${base}/directory`;
    transport = { ca: cert, now: () => NOW, signal: new AbortController().signal };
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const window = (start: string, end: string) => JSON.stringify({ suggestedWindow: { start, end } });
  const ask = () => new RenewalInfo(directory).ask(transport, "x.y");

  it("is a window, and asked for again when the CA says, between a minute and a day", async () => {
    const body = window("2026-02-01T00:00:00Z", "2026-02-02T00:00:00+01:00");
    for (const [retryAfter, wait] of [
      ["7200", 2 * HOUR],
      ["59", 60_000],
      ["86401", 24 * HOUR],
      [undefined, 6 * HOUR],
      ["Thu, 01 Jan 2026 02:00:00 GMT", 2 * HOUR],
      ["rubbish", 6 * HOUR],
    ] as const) {
      told = { body, ...(retryAfter === undefined ? {} : { retryAfter }) };
      expect(await ask(), retryAfter).to.deep.equal({
        suggestion: {
          of: "x.y",
          window: { start: Date.UTC(2026, 1, 1), end: Date.UTC(2026, 1, 1, 23) },
          askAt: NOW + wait,
        },
      });
    }
    expect(asked.at(-1)).to.equal("/renewal/x.y");
  });

  it("is asked for by one look at the directory a day", async () => {
    told = { body: window("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z") };
    const info = new RenewalInfo(directory);
    const later = { ...transport, now: () => NOW + 24 * HOUR - 1 };
    for (const each of [transport, transport, later]) await info.ask(each, "x.y");
    expect(asked.filter((url) => url === "/directory")).to.have.length(1);
    await info.ask({ ...transport, now: () => NOW + 24 * HOUR }, "x.y");
    expect(asked.filter((url) => url === "/directory")).to.have.length(2);
  });

  it("is nothing from a CA that has no such resource, which is asked again a day later", async () => {
    const { suggestion, trouble } = await new RenewalInfo(directory.replace("directory", "old")).ask(
      transport,
      "x.y",
    );
    expect([suggestion, trouble]).to.deep.equal([{ of: "x.y", askAt: NOW + 24 * HOUR }, undefined]);
  });

  it("is nothing for 6 hours when the answer is no window", async () => {
    for (const body of ["", "{", "{}", "null", window("x", "y"), '{"suggestedWindow":{"start":1,"end":2}}']) {
      told = { body };
      const { suggestion, trouble } = await ask();
      expect(suggestion, body).to.deep.equal({ of: "x.y", askAt: NOW + 6 * HOUR });
      expect(trouble?.reason, body).to.equal("refused");
    }
    told = { body: window("2026-02-02T00:00:00Z", "2026-02-02T00:00:00Z") };
    expect((await ask()).suggestion.window).to.equal(undefined);
  });

  it("tells what went wrong at the CA", async () => {
    const problem = (type: string) =>
      JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail: "no" });
    for (const [status, body, reason] of [
      [500, "broken", "unreachable"],
      [429, "slow down", "rate-limited"],
      [403, problem("rateLimited"), "rate-limited"],
      [404, problem("malformed"), "refused"],
      [200, "x".repeat(2 ** 20 + 1), "unreachable"],
      [200, `"${"x".repeat(2 ** 20 - 2)}"`, "refused"],
    ] as const) {
      told = { status, body };
      expect((await ask()).trouble?.reason, `${status}`).to.equal(reason);
    }
    server.closeAllConnections();
    server.close();
    expect((await ask()).trouble?.reason).to.equal("unreachable");
    const plain = await new RenewalInfo("http://localhost/").ask(transport, "x.y");
    expect(plain.trouble?.message).to.contain("https://");
  });
});
