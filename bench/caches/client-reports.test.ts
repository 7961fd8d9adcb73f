import { expect } from "chai";
import { readH2load, readHandshakes, readPaced } from "./client-reports.ts";

const H2LOAD = `finished in 2.01s, 47580.50 req/s, 53.45MB/s
requests: 95161 total, 95193 started, 95161 done, 95161 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 95161 2xx, 0 3xx, 0 4xx, 0 5xx
`;

describe("what a client of the benchmark reports", () => {
  it("is read from h2load", () => {
    const { requests, perSecond, p99Ms } = readH2load(H2LOAD);
    expect([requests, perSecond]).to.deep.equal([95_161, 47_580.5]);
    expect(p99Ms).to.be.NaN;
  });

  it("is no figure when h2load counts a failed or broken answer, or none", () => {
    for (const said of [
      H2LOAD.replace(" 0 failed", " 1 failed"),
      H2LOAD.replace(" 0 errored", " 2 errored"),
      "",
    ]) {
      expect(() => readH2load(said), said).to.throw("h2load said");
    }
  });

  it("is read from openssl s_time, which tells processor seconds first", () => {
    const said = `rrr

3193 connections in 0.51s; 6260.78 connections/user sec, bytes read 12398419
3193 connections in 2 real seconds, 3883 bytes read per connection
`;
    expect(readHandshakes(said)).to.equal(3_193);
    expect(() => readHandshakes("connect: Connection refused")).to.throw("s_time said");
  });

  it("is read from the client with a constant rate", () => {
    const line = { requests: 9, perSecond: 4.5, p50Ms: 0.1, p99Ms: 0.2, lateMs: 0 };
    expect(readPaced(JSON.stringify(line))).to.deep.equal(line);
    expect(() => readPaced('{"requests":9}')).to.throw("paced said");
  });
});
