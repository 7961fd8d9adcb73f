import { expect } from "chai";
import { parseRedisUrl, redisUrl } from "./redis-url.ts";
import { hintBehind } from "./values.ts";

const SERVER = {
  kind: "server",
  isTls: false,
  hosts: [{ host: "h", port: 6379 }],
  username: undefined,
  password: undefined,
  primaryName: "",
  database: 0,
};

describe("the URL of a Redis", () => {
  it("names one server, its database, and who logs in", () => {
    expect(parseRedisUrl("redis://h")).to.deep.equal(SERVER);
    expect(parseRedisUrl("rediss://u:p%40%2F@[::1]:1/2")).to.deep.equal({
      ...SERVER,
      isTls: true,
      hosts: [{ host: "::1", port: 1 }],
      username: "u",
      password: "p@/",
      database: 2,
    });
    expect(parseRedisUrl("redis://:p@127.0.0.1:6379/")).to.deep.include({
      username: undefined,
      password: "p",
    });
  });

  it("names Sentinels and what they call the primary", () => {
    expect(parseRedisUrl("redis+sentinel://u:p@a:1,b/my-primary/3")).to.deep.equal({
      ...SERVER,
      kind: "sentinel",
      hosts: [
        { host: "a", port: 1 },
        { host: "b", port: 26379 },
      ],
      username: "u",
      password: "p",
      primaryName: "my-primary",
      database: 3,
    });
  });

  it("names nodes of a Cluster", () => {
    expect(parseRedisUrl("rediss+cluster://a,b:7001")).to.deep.equal({
      ...SERVER,
      kind: "cluster",
      isTls: true,
      hosts: [
        { host: "a", port: 6379 },
        { host: "b", port: 7001 },
      ],
    });
  });

  it("is refused when it is none of these", () => {
    const wrong = [
      ...["h:1", "http://h", "redis://", "redis://h/x", "redis://h?db=1", "redis://h:99999", "redis://%@h"],
      ...["redis://a,b", "redis+sentinel://a", "redis+sentinel://a/", "redis+sentinel://a,/m"],
      ...[
        "redis+sentinel://a/m/x",
        "redis+cluster://a/1",
        "redis+cluster://",
        "redis+other://a",
        "redis://%zz:p@h",
      ],
    ];
    for (const text of wrong) expect(redisUrl.parse(text), text).to.equal(undefined);
  });

  it("is refused with the way out when it lists servers that nobody leads", () => {
    expect(hintBehind(redisUrl, "redis://a,b")).to.contain("several servers need Sentinel or Cluster");
    expect(hintBehind(redisUrl, "redis+cluster://a,b/1")).to.equal("");
  });

  it("is refused with the URL that was meant where the scheme was forgotten", () => {
    expect(hintBehind(redisUrl, "127.0.0.1:6379")).to.equal("; did you mean redis://127.0.0.1:6379?");
    for (const text of ["http://h", "u:p@h:1", "127.0.0.1"]) expect(hintBehind(redisUrl, text)).to.equal("");
  });

  it("hides the password when it is written", () => {
    expect(redisUrl.format("redis://u:p@h")).to.equal("redis://***@h");
    expect(redisUrl.format("redis+sentinel://u:p@a,b/m")).to.equal("redis+sentinel://***@a,b/m");
  });
});
