import { expect } from "chai";
import fc from "fast-check";
import { redisUrl } from "./redis-url.ts";
import {
  bytes,
  choice,
  duration,
  flag,
  hideCredentials,
  host,
  httpUrl,
  listOf,
  port,
  show,
  text,
  wholeNumber,
} from "./values.ts";

describe("setting values", () => {
  it("accept whole numbers in their range, both ends included", () => {
    const type = wholeNumber(1, 10);
    expect(["1", "10", "007"].map((value) => type.parse(value))).to.deep.equal([1, 10, 7]);
  });

  it("refuse what is not a whole number in its range", () => {
    const wrong = [
      "",
      "0",
      "11",
      "-1",
      "+1",
      "1.5",
      "1e1",
      "0x1",
      "NaN",
      "Infinity",
      " 1",
      "1 ",
      "٣",
      "9".repeat(400),
    ];
    for (const value of wrong) expect(wholeNumber(1, 10).parse(value), show(value)).to.equal(undefined);
  });

  it("accept every port, and 0 for a free one", () => {
    expect(["0", "65535", "65536"].map((value) => port.parse(value))).to.deep.equal([0, 65_535, undefined]);
  });

  it("read sizes in binary units", () => {
    const type = bytes(0, 2 ** 40);
    expect(["0", "12", "64KiB", "256MiB", "1GiB"].map((value) => type.parse(value))).to.deep.equal([
      0,
      12,
      65_536,
      2 ** 28,
      2 ** 30,
    ]);
    for (const value of ["1MB", "1 MiB", "1.5MiB", "-1", "MiB", "1mib", "1025GiB", "1e400"]) {
      expect(type.parse(value), value).to.equal(undefined);
    }
  });

  it("read durations with their unit", () => {
    const type = duration(0, 86_400_000);
    expect(["0", "35ms", "5s", "1.5m", "1h"].map((value) => type.parse(value))).to.deep.equal([
      0, 35, 5000, 90_000, 3_600_000,
    ]);
    for (const value of ["", "5", "-5s", "5 s", "5S", "1d", "25h", "NaNms", "1e9s", ".5s"]) {
      expect(type.parse(value), value).to.equal(undefined);
    }
    expect(duration(1, 10).parse("0"), "0 below the least").to.equal(undefined);
  });

  it("give the same value again after they are written, for every size and duration", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (value) => {
        const size = bytes(0, 2 ** 41);
        const span = duration(0, 2 ** 41);
        return size.parse(size.format(value)) === value && span.parse(span.format(value)) === value;
      }),
    );
  });

  it("never throw, whatever the text", () => {
    const types = [text("x"), host, port, httpUrl, redisUrl, flag, choice("a"), bytes(0, 9), listOf(host)];
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        for (const type of types) type.parse(value);
      }),
    );
  });

  it("accept host names and addresses, and take the brackets off IPv6", () => {
    const given = ["localhost", "edge-1", "a.b.example", "127.0.0.1", "::1", "[::1]", "redis_1"];
    expect(given.map((value) => host.parse(value))).to.deep.equal([
      "localhost",
      "edge-1",
      "a.b.example",
      "127.0.0.1",
      "::1",
      "::1",
      "redis_1",
    ]);
    for (const value of ["", "a b", "a/b", "a:1", "[::", "-a", "a..b", "256.1.1.1", "1.2.3", "a@b", "é"]) {
      expect(host.parse(value), value).to.equal(undefined);
    }
  });

  it("accept an HTTP URL that is nothing but scheme, host and port", () => {
    const given = ["http://a", "https://a:8443", "http://127.0.0.1:8000/", "http://[::1]:80"];
    expect(given.map((value) => httpUrl.parse(value)?.origin)).to.deep.equal([
      "http://a",
      "https://a:8443",
      "http://127.0.0.1:8000",
      "http://[::1]",
    ]);
    const wrong = [
      "a",
      "http:a",
      "http:/a",
      "http:\\\\a",
      "file:///a",
      "ftp://a",
      "http://",
      "http://a/b",
      "http://a?",
    ];
    wrong.push(
      "http://a#b",
      "http://u@a",
      "http://u:p@a",
      "http://a:99999",
      "http://a:0",
      " http://a",
      "http://a\t",
    );
    for (const value of wrong) expect(httpUrl.parse(value), value).to.equal(undefined);
  });

  it("read lists, of which every member must be right", () => {
    expect(listOf(port).parse("1, 2,3")).to.deep.equal([1, 2, 3]);
    for (const value of ["", "1,", ",1", "1,,2", "1,x"])
      expect(listOf(port).parse(value), value).to.equal(undefined);
  });

  it("refuse empty text, control characters, and text that the shape does not match", () => {
    for (const value of ["", "a\nb", "a\u0000", "\u001b[31m", "x".repeat(4097)]) {
      expect(text("text").parse(value), show(value)).to.equal(undefined);
    }
    expect(text("text").parse("x".repeat(4096))).to.have.length(4096);
    expect(text("a letter", /^[a-z]$/).parse("ab")).to.equal(undefined);
  });

  it("are shown on one line, shortened and without passwords", () => {
    expect(show("a\nb")).to.equal('"a\\nb"');
    expect(show("")).to.equal("an empty value");
    expect(show(Number.NaN)).to.equal("NaN");
    expect(show(null)).to.equal("nothing");
    expect(show("x".repeat(1000)).length).to.be.lessThan(110);
    expect(show("redis://u:secret@h")).not.to.contain("secret");
    expect(show(["http://u:secret@h"])).not.to.contain("secret");
    // Where the password ends cannot be known: the last @ is the one that is surely behind it.
    expect(hideCredentials("redis://u:a@PASS@h:1/2")).to.equal("redis://***@h:1/2");
    expect(hideCredentials("http://u:x/y@o")).to.equal("http://***@o");
    expect(hideCredentials("redis://u:a b@h")).to.equal("redis://***@h");
    expect(show({ origin: "http://u:x/y@o", id: "a@b" })).to.equal('{"origin":"http://***@o","id":"a@b"}');
  });

  it("never show a password, however wrong the URL around it", () => {
    const passwords = ['pa"SECRET', "SECRET\nSECRET", "SECRET@/SECRET", "SECRET x", "\\SECRET", "SECRET:1"];
    const around = [
      (password: string) => `redis://u:${password}@h:1/2`,
      (password: string) => `redis://:${password}@h`,
      (password: string) => `redis:/u:${password}@h`,
      (password: string) => `redis:u:${password}@h`,
      (password: string) => `u:${password}@h`,
      (password: string) => `:${password}@h`,
      (password: string) => `http://a, http://u:${password}@h`,
    ];
    expect(show("redis://u:SECRET/1")).not.to.contain("SECRET");
    for (const password of passwords) {
      for (const url of around.map((make) => make(password))) {
        expect(show(url)).not.to.contain("SECRET");
        expect(show([url, { url }])).not.to.contain("SECRET");
      }
    }
    for (const harmless of ["redis://h:1/2", "redis://h:99999", "redis://[::1]:1", "a@b", "http://h:8o80"])
      expect(show(harmless)).to.equal(JSON.stringify(harmless));
    expect(hideCredentials("http://a/b")).to.equal("http://a/b");
    // Reverses what follows it on a screen.
    expect(show("a\u202eb")).to.equal('"a\\u{202e}b"');
  });
});
