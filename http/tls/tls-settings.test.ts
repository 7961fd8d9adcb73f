import { expect } from "chai";
import { NO_TLS, tlsProblems } from "./tls-settings.ts";

const PAIR = { tlsPort: 8443, tlsCert: ["a"], tlsKey: ["b"] };
const SAFE = "26.13.1";

describe("the TLS settings", () => {
  const problems = (values: object, host = "127.0.0.1", node = SAFE) =>
    tlsProblems({ ...NO_TLS, ...values }, host, node);

  it("are none by default", () => expect(problems({})).to.deep.equal([]));

  it("need as many keys as certificates", () => {
    expect(problems(PAIR)).to.deep.equal([]);
    expect(problems({ ...PAIR, tlsCert: ["a", "c"] })).to.deep.equal([
      "--tls-cert, --tls-key: must be as many certificates as keys, got 2 and 1",
    ]);
    expect(problems({ tlsPort: 8443 })[0]).to.contain("--tls-port: must be given together with --tls-cert");
  });

  it("are of no use without a TLS port", () => {
    const given = {
      tlsCert: ["a"],
      tlsKey: ["b"],
      hsts: 1,
      tellTls: true,
      redirectToHttps: true,
      tlsTicketKeys: "t",
    };
    expect(problems(given).map((line) => line.split(":")[0])).to.deep.equal([
      "--tls-cert",
      "--tls-ticket-keys",
      "--hsts",
      "--tell-tls",
      "--redirect-to-https",
    ]);
  });

  it("open no port to other machines on a Node with known defects, unless they say so", () => {
    expect(problems(PAIR, "0.0.0.0", "26.12.1")[0]).to.match(
      /^--tls-port: must not be open to other machines\. This Node \(v26\.12\.1\) has known/,
    );
    expect(problems({ ...PAIR, tlsOnUnsafeNode: true }, "0.0.0.0", "26.12.1")).to.deep.equal([]);
    expect(problems(PAIR, "0.0.0.0", SAFE)).to.deep.equal([]);
    expect(problems(PAIR, "127.0.0.1", "26.12.1")).to.deep.equal([]);
  });
});
