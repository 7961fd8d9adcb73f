import { expect } from "chai";
import { isFromOtherSite, type RequestSource } from "./cross-site.ts";

const OWN: RequestSource = {
  method: "GET",
  host: "127.0.0.1:9081",
  origin: undefined,
  secFetchSite: undefined,
  secFetchMode: undefined,
  secFetchDest: undefined,
};

describe("a request of a page of another site", () => {
  const is = (source: Partial<RequestSource>) => isFromOtherSite({ ...OWN, ...source });

  it("is none of a program, of a typed address, of an own page, and of a link that somebody follows", () => {
    expect(is({})).to.equal(false);
    expect(is({ secFetchSite: "none", secFetchMode: "navigate", secFetchDest: "document" })).to.equal(false);
    expect(is({ secFetchSite: "same-origin", secFetchMode: "cors" })).to.equal(false);
    expect(is({ origin: "http://127.0.0.1:9081" })).to.equal(false);
    expect(is({ origin: "https://LOCALHOST:9081", host: "localhost:9081" })).to.equal(false);
    expect(is({ secFetchSite: "cross-site", secFetchMode: "navigate", secFetchDest: "document" })).to.equal(
      false,
    );
  });

  it("is one of a script, a picture, a frame, another port, and of an origin that is not said", () => {
    expect(is({ secFetchSite: "cross-site", secFetchMode: "cors", secFetchDest: "empty" })).to.equal(true);
    expect(is({ secFetchSite: "cross-site", secFetchMode: "no-cors", secFetchDest: "image" })).to.equal(true);
    expect(is({ secFetchSite: "cross-site", secFetchMode: "navigate", secFetchDest: "iframe" })).to.equal(
      true,
    );
    expect(is({ secFetchSite: "same-site", secFetchMode: "cors" })).to.equal(true);
    const form = { secFetchSite: "cross-site", secFetchMode: "navigate", secFetchDest: "document" };
    expect(is({ ...form, method: "POST" })).to.equal(true);
    expect(is({ secFetchSite: "anything" })).to.equal(true);
    for (const origin of ["null", "", "http://127.0.0.1:9082", "file://", "http://evil.example"])
      expect(is({ origin }), origin).to.equal(true);
    expect(is({ origin: "http://127.0.0.1:9081", host: undefined })).to.equal(true);
  });
});
