import { expect } from "chai";
import { accessTarget } from "./access-target.ts";

describe("the value of --access-log", () => {
  it("is a place for lines, and is shown as it was given", () => {
    const places = {
      off: { kind: "off" },
      stdout: { kind: "stdout" },
      "/var/log/edge.log": { kind: "file", path: "/var/log/edge.log" },
      "./edge.log": { kind: "file", path: "./edge.log" },
      "syslog://logs.example:5514": { kind: "syslog", host: "logs.example", port: 5514 },
      "syslog://[2001:db8::1]:514": { kind: "syslog", host: "2001:db8::1", port: 514 },
    };
    for (const [text, place] of Object.entries(places)) {
      const target = accessTarget.parse(text);
      expect(target, text).to.deep.equal(place);
      if (target !== undefined) expect(accessTarget.format(target)).to.equal(text);
    }
    expect(accessTarget.parse("syslog://127.0.0.1")).to.deep.equal({
      kind: "syslog",
      host: "127.0.0.1",
      port: 514,
    });
  });

  it("is refused when it may be a slip", () => {
    for (const text of [
      "of",
      "on",
      "",
      "access.log",
      "/var/log/",
      "http://a/b",
      "syslog://",
      "syslog://a:0",
      "syslog://a:65536",
    ])
      expect(accessTarget.parse(text), text).to.equal(undefined);
  });
});
