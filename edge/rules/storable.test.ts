import { expect } from "chai";
import { fieldsOf, get } from "../../test/rig/message.fixture.ts";
import type { CacheRequest } from "./exchange.ts";
import type { NotStored } from "./not-stored.ts";
import { RFC_RULES, SAFE_RULES } from "./site-rules.ts";
import { clientFields, storable, storedFields } from "./storable.ts";

const FRESH = "Cache-Control: max-age=60";

function outcome(request: CacheRequest, status: number, ...lines: readonly string[]): NotStored | "store" {
  const result = storable(
    request,
    { status, fields: fieldsOf(...lines) },
    { keepsParts: false, rules: RFC_RULES },
  );
  return result.kind === "store" ? "store" : result.reason;
}

describe("storable", () => {
  const plain: readonly (readonly [number, readonly string[], NotStored | "store"])[] = [
    [200, [FRESH], "store"],
    [200, [], "store"],
    [200, ["Cache-Control: no-cache"], "store"],
    [200, ["Cache-Control: no-store"], "no-store"],
    [200, ["Cache-Control: max-age=60, No-StOrE"], "no-store"],
    [200, [FRESH, "Cache-Control: no-store"], "no-store"],
    [200, ["Cache-Control: private, max-age=60"], "private"],
    [200, ['Cache-Control: private="x", max-age=60'], "store"],
    [200, ['Cache-Control: private="", max-age=60'], "private"],
    [200, ["Cache-Control: private=, max-age=60"], "private"],
    [200, ["CDN-Cache-Control: max-age=60", "Cache-Control: no-store"], "store"],
    [200, ["CDN-Cache-Control: no-store", FRESH], "no-store"],
    [200, ["CDN-Cache-Control: private", FRESH], "private"],
    [200, ["EdgeCache-Cache-Control: no-store", "CDN-Cache-Control: max-age=60"], "no-store"],
    [200, ["Surrogate-Control: no-store", FRESH], "no-store"],
    [200, ["Cache-Control: no-store, must-understand, max-age=60"], "store"],
    [299, ["Cache-Control: no-store, must-understand, max-age=60"], "must-understand"],
    [299, ["Cache-Control: must-understand, max-age=60"], "must-understand"],
    [200, [FRESH, "Vary: *"], "vary"],
    [200, [FRESH, "Vary: Accept-Encoding"], "store"],
    [200, [FRESH, "Set-Cookie: a=b"], "store"],
    [200, ["Cache-Control: public", "Set-Cookie: a=b"], "store"],
    [200, ["Set-Cookie: a=b"], "set-cookie"],
    [200, [FRESH, 'Cache-Groups: "a'], "tags"],
    [200, ["Expires: 0"], "store"],
    [302, ["Expires: 0"], "store"],
    [302, ["Cache-Control: max-age=x"], "store"],
    [302, [], "not-cacheable"],
    [302, ["CDN-Cache-Control: foo", "Expires: Thu, 18 Aug 2050 02:01:18 GMT"], "not-cacheable"],
    [599, [], "not-cacheable"],
    [599, ["Cache-Control: public"], "store"],
    [206, [FRESH, "Content-Range: bytes 0-4/10"], "partial"],
    [304, [FRESH], "status"],
    [412, [FRESH], "status"],
    [416, [FRESH], "status"],
    [429, [FRESH], "status"],
    [103, [FRESH], "status"],
    [600, [FRESH], "status"],
  ];
  for (const [status, lines, expected] of plain) {
    it(`gives ${expected} to a ${status} with ${lines.join("; ") || "no field"}`, () => {
      expect(outcome(get(), status, ...lines)).to.equal(expected);
    });
  }

  it("stores any final status with explicit freshness, known or not", () => {
    for (const status of [
      200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599,
    ]) {
      expect(outcome(get(), status, FRESH), String(status)).to.equal("store");
    }
  });

  it("stores without explicit freshness only the statuses that allow it", () => {
    for (const status of [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]) {
      expect(outcome(get(), status), String(status)).to.equal("store");
    }
    for (const status of [201, 202, 302, 303, 307, 400, 401, 403, 500, 502, 503, 504]) {
      expect(outcome(get(), status), String(status)).to.equal("not-cacheable");
    }
  });

  it("needs the origin's word to store an answer to Authorization (RFC 9111 section 3.5)", () => {
    const request = get("Authorization: Basic YQ==");
    expect(outcome(request, 200, FRESH)).to.equal("authorization");
    expect(outcome(request, 200, "Cache-Control: max-age=60, public")).to.equal("store");
    expect(outcome(request, 200, "Cache-Control: max-age=60, must-revalidate")).to.equal("store");
    expect(outcome(request, 200, "Cache-Control: s-maxage=60")).to.equal("store");
    expect(outcome(request, 200, "Cache-Control: max-age=60, public=1")).to.equal("authorization");
    expect(outcome(request, 200, "CDN-Cache-Control: max-age=60", "Cache-Control: public")).to.equal(
      "authorization",
    );
  });

  it("stores nothing for a request with no-store or with content", () => {
    expect(outcome(get("Cache-Control: no-store"), 200, FRESH)).to.equal("request-no-store");
    expect(outcome(get("Content-Length: 3"), 200, FRESH)).to.equal("request-content");
    expect(outcome(get("Transfer-Encoding: chunked"), 200, FRESH)).to.equal("request-content");
    expect(outcome(get("Content-Length: 0"), 200, FRESH)).to.equal("store");
  });

  it("stores nothing for other methods than GET, HEAD and POST", () => {
    for (const method of ["PUT", "DELETE", "OPTIONS", "PATCH", "M-SEARCH", "get"]) {
      expect(outcome({ ...get(), method }, 200, FRESH), method).to.equal("method");
    }
    expect(outcome({ ...get(), method: "HEAD" }, 200, FRESH)).to.equal("store");
  });

  const posts: readonly (readonly [readonly string[], NotStored | "store"])[] = [
    [[FRESH, "Content-Location: /a"], "store"],
    [[FRESH, "Content-Location: http://example.com/a"], "store"],
    [[FRESH, "Content-Location: https://EXAMPLE.com/a"], "store"],
    [[FRESH, "Content-Location: a"], "store"],
    [[FRESH, "Content-Location: /b"], "post"],
    [[FRESH, "Content-Location: http://other.example/a"], "post"],
    [[FRESH], "post"],
    [["Content-Location: /a"], "post"],
    [["Cache-Control: public", "Content-Location: /a"], "post"],
  ];
  for (const [lines, expected] of posts) {
    it(`gives ${expected} to a POST answered with ${lines.join("; ")}`, () => {
      const request = { ...get("Content-Length: 3"), method: "POST" };
      expect(outcome(request, 200, ...lines)).to.equal(expected);
    });
  }

  it("stores a part only where parts are kept, asked for, and of a known whole", () => {
    const ranged = get("Range: bytes=0-4");
    const store = (request: CacheRequest, range: string): string => {
      const fields = fieldsOf(FRESH, `Content-Range: ${range}`);
      return storable(request, { status: 206, fields }, { keepsParts: true }).kind;
    };
    expect(store(ranged, "bytes 0-4/10")).to.equal("store");
    expect(store(ranged, "bytes 0-4/*")).to.equal("do-not-store");
    expect(store(ranged, "pages 0-4/10")).to.equal("do-not-store");
    expect(store(get(), "bytes 0-4/10")).to.equal("do-not-store");
  });
});

describe("storable by the safe rules", () => {
  const FOR_ALL = [
    "Cache-Control: public, max-age=60",
    "Cache-Control: s-maxage=60",
    "CDN-Cache-Control: max-age=60",
  ];
  const safely = (request: CacheRequest, status: number, lines: readonly string[], rules = SAFE_RULES) => {
    const result = storable(request, { status, fields: fieldsOf(...lines) }, { keepsParts: false, rules });
    return result.kind === "store" ? "store" : result.reason;
  };

  const cookies: readonly (readonly [readonly string[], NotStored | "store"])[] = [
    ...["max-age=60", "s-maxage=60", "public", "public, max-age=60"].map(
      (value) => [[`Cache-Control: ${value}`], "set-cookie"] as const,
    ),
    [["Expires: Thu, 18 Aug 2050 02:01:18 GMT"], "set-cookie"],
    [["CDN-Cache-Control: max-age=60"], "set-cookie"],
    [["CDN-Cache-Control: public, max-age=60"], "store"],
    [["EdgeCache-Cache-Control: public, max-age=60"], "store"],
    [['Cache-Control: max-age=60, private="Set-Cookie"'], "store"],
  ];
  for (const [lines, expected] of cookies) {
    it(`gives ${expected} to a response that sets a cookie with ${lines.join("; ")}`, () => {
      expect(safely(get(), 200, ["Set-Cookie: a=b", ...lines])).to.equal(expected);
    });
  }

  it("stores without the cookie where the site strips it", () => {
    const response = { status: 200, fields: fieldsOf(FRESH, "Set-Cookie: a=b", "Set-Cookie: c=d") };
    const rules = { ...SAFE_RULES, setCookie: "strip" } as const;
    const result = storable(get(), response, { keepsParts: false, rules });
    expect(result.kind === "store" && [...result.fields.names()]).to.deep.equal(["cache-control"]);
  });

  for (const field of ["Cookie", "X-Api-Key", "X-Requested-With"]) {
    it(`shares the answer to a request with ${field} only if it varies on that, or is for all`, () => {
      const request = get(`${field}: x`);
      expect(safely(request, 200, [FRESH])).to.equal("cookie");
      expect(safely(request, 200, [FRESH, "Vary: Accept"])).to.equal("cookie");
      expect(safely(request, 200, [FRESH, `Vary: Accept, ${field.toUpperCase()}`])).to.equal("store");
      for (const line of FOR_ALL) expect(safely(request, 200, [line]), line).to.equal("store");
    });
  }

  it("stores errors only where they say that they are for all", () => {
    for (const status of [
      400, 401, 403, 405, 406, 408, 413, 414, 415, 417, 421, 422, 426, 499, 500, 503, 599,
    ]) {
      expect(safely(get(), status, [FRESH]), String(status)).to.equal("error-status");
      for (const line of FOR_ALL)
        expect(safely(get(), status, [line]), `${status} ${line}`).to.equal("store");
    }
    for (const status of [301, 404, 410, 451]) {
      expect(safely(get(), status, [FRESH]), String(status)).to.equal("store");
    }
  });
});

describe("storedFields", () => {
  it("keeps Surrogate-Control and, because that governs, the fields that only Cache-Control names", () => {
    const fields = fieldsOf("Surrogate-Control: max-age=60", 'Cache-Control: private="b"', "B: 1");
    const names = [...storedFields(fields).names()];
    expect(names).to.deep.equal(["surrogate-control", "cache-control", "b"]);
  });

  it("leaves out the fields of the connection and of a proxy, and those that the governing field names", () => {
    const fields = fieldsOf(
      "Connection: close, a",
      "A: 1",
      "Keep-Alive: 5",
      "Proxy-Authenticate: Basic",
      'Cache-Control: private="b", no-cache="C, d", max-age=60',
      "B: 1",
      "C: 1",
      "D: 1",
      "Set-Cookie: a=b",
      "E: 1",
    );
    const names = [...storedFields(fields).names()];
    expect(names).to.deep.equal(["cache-control", "set-cookie", "e"]);
  });
});

describe("clientFields", () => {
  it("leaves out the fields for the connection and those for the surrogate", () => {
    const fields = fieldsOf(
      "Connection: a",
      "A: 1",
      "surrogate-control: max-age=5",
      "CDN-Cache-Control: max-age=5",
      "B: 1",
    );
    expect([...clientFields(fields).names()]).to.deep.equal(["cdn-cache-control", "b"]);
  });
});
