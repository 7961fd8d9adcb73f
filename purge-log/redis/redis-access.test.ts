import { expect } from "chai";
import { redisUrlOf } from "../../process/settings/redis-url.ts";
import { ControlCertificates } from "../../test/rig/control-certificates.ts";
import { PLAIN_ACCESS, redisAccessProblems, sentinelCredentials, serverCredentials } from "./redis-access.ts";

describe("the settings of connections to Redis", () => {
  it("need the URL that they are for", () => {
    const problems = (given: Partial<typeof PLAIN_ACCESS>, url?: string) =>
      redisAccessProblems({ ...PLAIN_ACCESS, ...given }, url);
    expect(problems({ redisCa: "a", redisCert: "b", redisKey: "c" }, "rediss://h")).to.deep.equal([]);
    expect(problems({ redisCa: "a" }, "redis://h")).to.deep.equal([
      "--redis-ca: must be given with --redis rediss://…, got --redis of a server",
    ]);
    expect(problems({ redisCert: "a" }, "rediss+cluster://h")).to.deep.equal([
      "--redis-cert, --redis-key: both or neither must be given, got only --redis-cert",
    ]);
    expect(problems({ redisSentinelLoginFile: "a" }, "redis+sentinel://h/m")).to.deep.equal([]);
    expect(problems({ redisSentinelLoginFile: "a" })).to.deep.equal([
      "--redis-sentinel-login-file: must be given with --redis redis+sentinel://…, got no --redis",
    ]);
  });

  it("log in at the servers by the URL, and at Sentinels by the file", async () => {
    const files = await ControlCertificates.make();
    const login = (text: string) =>
      sentinelCredentials(redisUrlOf("redis+sentinel://u:p@h/m"), {
        ...PLAIN_ACCESS,
        redisSentinelLoginFile: files.file("login", text),
      });
    expect(login("me:it's:secret\n")).to.deep.equal({ username: "me", password: "it's:secret" });
    expect(login("secret\n")).to.deep.equal({ password: "secret" });
    expect(login(":secret")).to.deep.equal({ password: "secret" });
    expect(sentinelCredentials(redisUrlOf("redis+sentinel://u:p@h/m"), PLAIN_ACCESS)).to.deep.equal({});
    const servers = serverCredentials(redisUrlOf("rediss+sentinel://u:p@h/m"), PLAIN_ACCESS);
    expect(servers).to.deep.equal({ username: "u", password: "p", tls: {} });
    files.remove();
  });
});
