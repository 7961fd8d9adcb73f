import { expect } from "chai";
import { formatHttpDate } from "../../http/message/date.ts";
import { fieldsOf, get, NOW, stored, withHead } from "../../test/rig/message.fixture.ts";
import type { CacheRequest } from "./exchange.ts";
import type { StoredHead } from "./stored-head.ts";
import {
  conditionalFields,
  freshened,
  headUpdates,
  matches304,
  preconditions,
  tellsVersionsApart,
} from "./validation.ts";

const at = (seconds: number): string => formatHttpDate(NOW + seconds * 1000);

describe("conditionalFields", () => {
  it("sends every well-formed validator as it came", () => {
    expect(conditionalFields(stored('ETag: W/"a"', `Last-Modified: ${at(-60)}`))).to.deep.equal([
      ["If-None-Match", 'W/"a"'],
      ["If-Modified-Since", at(-60)],
    ]);
    expect(conditionalFields(stored())).to.deep.equal([]);
    expect(conditionalFields(stored("ETag: a", "Last-Modified: yesterday"))).to.deep.equal([]);
    expect(conditionalFields(stored('ETag: "a"', 'ETag: "b"'))).to.deep.equal([]);
  });
});

describe("tellsVersionsApart", () => {
  const cases: readonly (readonly [readonly string[], boolean])[] = [
    [[`Last-Modified: ${at(0)}`, `Date: ${at(0)}`], false],
    [[`Last-Modified: ${at(-1)}`, `Date: ${at(0)}`], true],
    [[`Last-Modified: ${at(0)}`, `Date: ${at(0)}`, 'ETag: W/"a"'], true],
    [[], true],
  ];
  for (const [fields, expected] of cases) {
    it(`${expected ? "trusts" : "does not trust"} ${fields.join(", ") || "a response without validators"}`, () => {
      expect(tellsVersionsApart(stored(...fields))).to.equal(expected);
    });
  }
});

describe("matches304", () => {
  const dates = (modified: number) => [`Last-Modified: ${at(modified)}`, `Date: ${at(0)}`];
  const weakened = (modified: number) => ['ETag: W/"a"', ...dates(modified)];
  const strong = (modified: number) => ['ETag: "a"', ...dates(modified)];
  const cases: readonly (readonly [readonly string[], readonly string[], boolean])[] = [
    [['ETag: "a"'], ['ETag: "a"'], true],
    [['ETag: "a"'], ['ETag: "b"'], false],
    [['ETag: W/"a"'], ['ETag: W/"a"'], true],
    [['ETag: "a"'], ['ETag: W/"a"'], true],
    [['ETag: W/"a"'], ['ETag: "a"'], false],
    [weakened(-9), strong(-9), true],
    [weakened(-9), strong(-8), false],
    [weakened(0), strong(0), false],
    [weakened(-9), ['ETag: "b"', ...strong(-9).slice(1)], false],
    [[`Last-Modified: ${at(-9)}`], ['ETag: "a"'], false],
    [[`Last-Modified: ${at(-9)}`], [`Last-Modified: ${at(-9)}`], true],
    [[`Last-Modified: ${at(-9)}`], [`Last-Modified: ${at(-8)}`], false],
    [['ETag: "a"'], [`Last-Modified: ${at(-8)}`], false],
    [['ETag: "a"'], [], true],
    [[], [], true],
  ];
  for (const [held, received, expected] of cases) {
    it(`is ${expected} for a 304 with ${received.join() || "no validator"} and ${held.join() || "none"} stored`, () => {
      expect(matches304(stored(...held), fieldsOf(...received))).to.equal(expected);
    });
  }
});

describe("freshened", () => {
  const head = stored(
    "Date: Thu, 15 Jan 2026 11:00:00 GMT",
    "Age: 50",
    'ETag: "a"',
    "Cache-Control: max-age=1",
    "Content-Type: text/plain",
    "Content-Length: 5",
    "Content-Encoding: gzip",
    "Set-Cookie: a=1",
    "Set-Cookie: b=1",
    "X-Kept: old",
    "Expires: Thu, 15 Jan 2026 11:00:01 GMT",
  );

  it("takes every field that the 304 has, all lines of it, but no cookie, and keeps the others", () => {
    const fields = freshened(
      head,
      fieldsOf(
        "Date: Thu, 15 Jan 2026 12:00:00 GMT",
        "Cache-Control: max-age=60",
        "Content-Type: text/html",
        "Set-Cookie: c=1",
        "X-New: 1",
        "X-New: 2",
      ),
    );
    expect([...fields].map((line) => line.join(": "))).to.deep.equal([
      'ETag: "a"',
      "Content-Length: 5",
      "Content-Encoding: gzip",
      "Set-Cookie: a=1",
      "Set-Cookie: b=1",
      "X-Kept: old",
      "Expires: Thu, 15 Jan 2026 11:00:01 GMT",
      "Date: Thu, 15 Jan 2026 12:00:00 GMT",
      "Cache-Control: max-age=60",
      "Content-Type: text/html",
      "X-New: 1",
      "X-New: 2",
    ]);
  });

  it("never takes fields that describe the stored bytes, nor fields that may not be stored", () => {
    const fields = freshened(
      head,
      fieldsOf(
        "Content-Length: 0",
        "Content-Encoding: br",
        "Content-Range: bytes 0-4/5",
        "Content-Digest: sha-256=:x:",
        'ETag: W/"a"',
        "Connection: close, X-Hop",
        "X-Hop: 1",
        "Transfer-Encoding: chunked",
        "Proxy-Authenticate: Basic",
        'Cache-Control: private="x-mine"',
        "X-Mine: 1",
      ),
    );
    expect(fields.get("content-length")).to.equal("5");
    expect(fields.get("content-encoding")).to.equal("gzip");
    expect(fields.get("etag")).to.equal('"a"');
    for (const name of [
      "content-range",
      "content-digest",
      "connection",
      "x-hop",
      "transfer-encoding",
      "x-mine",
    ]) {
      expect(fields.has(name), name).to.equal(false);
    }
    expect(fields.has("proxy-authenticate")).to.equal(false);
  });

  it("leaves out the fields that the stored policy names when the 304 has no policy", () => {
    const held = stored('ETag: "a"', 'Cache-Control: max-age=1, no-cache="x-mine"');
    expect(freshened(held, fieldsOf('ETag: "a"', "X-Mine: 1")).has("x-mine")).to.equal(false);
  });

  it("does not age the new answer by the Date and the Age of the old one", () => {
    const fields = freshened(head, fieldsOf("Cache-Control: max-age=60"));
    expect([fields.has("date"), fields.has("age")]).to.deep.equal([false, false]);
  });

  it("adds an entity tag where there was none", () => {
    expect(freshened(stored(), fieldsOf('ETag: "new"')).get("etag")).to.equal('"new"');
  });
});

describe("headUpdates", () => {
  const head = stored('ETag: "a"', `Last-Modified: ${at(-9)}`, "Content-Length: 5");
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[], "freshen"],
    [["Cache-Control: max-age=9"], "freshen"],
    [['ETag: "a"', `Last-Modified: ${at(-9)}`, "Content-Length: 5"], "freshen"],
    [['ETag: "b"'], "invalidate"],
    [['ETag: W/"a"'], "invalidate"],
    [[`Last-Modified: ${at(-8)}`], "invalidate"],
    [["Content-Length: 6"], "invalidate"],
  ];
  for (const [lines, expected] of cases) {
    it(`says ${expected} to ${lines.join("; ") || "no field"}`, () => {
      expect(headUpdates(head, fieldsOf(...lines))).to.equal(expected);
    });
  }
});

describe("preconditions", () => {
  const answerTo = (request: CacheRequest, to: StoredHead) => preconditions(request, to, to.entityTag);
  const head = stored('ETag: "a"', `Last-Modified: ${at(-60)}`, `Date: ${at(0)}`);
  const put = (...lines: readonly string[]): CacheRequest => ({ ...get(...lines), method: "PUT" });
  const cases: readonly (readonly [readonly string[], ReturnType<typeof preconditions>])[] = [
    [[], "proceed"],
    [['If-None-Match: "a"'], "not-modified"],
    [['If-None-Match: W/"a"'], "not-modified"],
    [['If-None-Match: "1", "a", "2"'], "not-modified"],
    [['If-None-Match: "1"', 'If-None-Match: "a"'], "not-modified"],
    [["If-None-Match: *"], "not-modified"],
    [['If-None-Match: "b"'], "proceed"],
    [["If-None-Match: a"], "proceed"],
    [["If-None-Match:"], "proceed"],
    [['If-None-Match: "b"', `If-Modified-Since: ${at(0)}`], "proceed"],
    [['If-None-Match: "a"', `If-Modified-Since: ${at(-90)}`], "not-modified"],
    [[`If-Modified-Since: ${at(-60)}`], "not-modified"],
    [[`If-Modified-Since: ${at(-59)}`], "not-modified"],
    [[`If-Modified-Since: ${at(-61)}`], "proceed"],
    [["If-Modified-Since: Thursday, 15-Jan-26 11:59:00 GMT"], "not-modified"],
    [["If-Modified-Since: today"], "proceed"],
    [[`If-Modified-Since: ${at(0)}`, `If-Modified-Since: ${at(0)}`], "proceed"],
    [['If-Match: "a"'], "proceed"],
    [["If-Match: *"], "proceed"],
    [['If-Match: W/"a"'], "precondition-failed"],
    [['If-Match: "b"'], "precondition-failed"],
    [['If-Match: "a"', 'If-None-Match: "a"'], "not-modified"],
    [['If-Match: "a"', `If-Unmodified-Since: ${at(-90)}`], "proceed"],
    [[`If-Unmodified-Since: ${at(-60)}`], "proceed"],
    [[`If-Unmodified-Since: ${at(-61)}`], "precondition-failed"],
    [["If-Unmodified-Since: today"], "proceed"],
  ];
  for (const [lines, expected] of cases) {
    it(`answers a GET with ${lines.join("; ") || "none"} by ${expected}`, () => {
      expect(answerTo(get(...lines), head)).to.equal(expected);
      expect(answerTo({ ...get(...lines), method: "HEAD" }, head)).to.equal(expected);
    });
  }

  it("fails another method on If-None-Match, and ignores its If-Modified-Since", () => {
    expect(answerTo(put('If-None-Match: "a"'), head)).to.equal("precondition-failed");
    expect(answerTo(put(`If-Modified-Since: ${at(0)}`), head)).to.equal("proceed");
  });

  it("compares with the Date of a response that has no Last-Modified", () => {
    const undated = stored(`Date: ${at(-60)}`);
    expect(answerTo(get(`If-Modified-Since: ${at(-60)}`), undated)).to.equal("not-modified");
    expect(answerTo(get(`If-Modified-Since: ${at(-61)}`), undated)).to.equal("proceed");
    expect(answerTo(get(`If-Modified-Since: ${at(0)}`), stored())).to.equal("proceed");
  });

  it("counts only where the answer would be a success", () => {
    expect(answerTo(get("If-None-Match: *"), withHead(head, { status: 404 }))).to.equal("proceed");
    expect(answerTo(get('If-Match: "b"'), withHead(head, { status: 301 }))).to.equal("proceed");
  });

  it("matches * against a response without an entity tag", () => {
    expect(answerTo(get("If-None-Match: *"), stored())).to.equal("not-modified");
    expect(answerTo(get('If-None-Match: "a"'), stored("ETag: a"))).to.equal("proceed");
  });
});
