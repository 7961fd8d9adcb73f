import { readdirSync } from "node:fs";
import { expect } from "chai";
import { AcmeStory, serves } from "../../test/rig/acme-story.ts";
import { until } from "../../test/rig/until.ts";

describe("the challenges of certificates", () => {
  let story: AcmeStory;

  beforeEach(async () => {
    story = await AcmeStory.begin();
  });
  afterEach(() => story.end());

  it("show a challenge only to a client that asks for it, while there is one", async () => {
    let seen: string[] = [];
    const program = await story.start({ acmeChallenge: "tls-alpn-01" });
    story.server.beforeCheck = async () => {
      const shown = [
        await program.shown("a.example", ["acme-tls/1"]),
        await program.shown("a.example", ["http/1.1"]),
        await program.shown("a.example", ["h2", "acme-tls/1"]),
        await program.shown("b.example", ["acme-tls/1"]),
      ];
      seen = shown.map((each) => each?.subjectaltname ?? String(each?.subject.CN ?? "refused"));
    };
    await serves(program);
    expect(seen).to.deep.equal(["DNS:a.example", "no certificate yet", "DNS:a.example", "refused"]);
    await until(
      "the challenge is gone",
      async () => (await program.shown("a.example", ["acme-tls/1"])) === undefined,
    );
  });

  it("leave every other request below the path of challenges to the program", async () => {
    const program = await story.start();
    const asked: string[] = [];
    const get = async (path: string, method = "GET") => {
      const response = await fetch(`${program.http.url}${path}`, { method });
      return `${response.status} ${await response.text()}`;
    };
    const prefix = "/.well-known/acme-challenge/";
    story.server.beforeCheck = async () => {
      const [token = ""] = readdirSync(story.kept("http-01"));
      asked.push(
        ...(await Promise.all([
          get(`${prefix}${token}`),
          get(`${prefix}${token}`, "HEAD"),
          get(`${prefix}${token}`, "POST"),
          get(`${prefix}${token}?x`),
          get(`${prefix}${token}/`),
          get(`${prefix}x`),
          get(`${prefix}%2e%2e/account.pem`),
          get(`${prefix}..%2faccount.pem`),
          get(`${prefix}${"x".repeat(4_000)}`),
          get(prefix),
        ])),
      );
    };
    await serves(program);
    const [proof, head, ...others] = asked;
    expect(proof).to.match(/^200 [\w-]+\.[\w-]+$/);
    expect(head).to.equal("200 ");
    expect([...new Set(others)]).to.deep.equal(["200 own"]);
  });
});
