import { expect } from "chai";
import { storeContract } from "../../test/contracts/store.contract.ts";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";

describe("the store in memory", () => {
  storeContract(memoryStore);

  it("lets a use count less the more has been used since", () => {
    const store = memoryStore(1_000_000);
    for (const target of ["/a", "/b"]) store.put(storedResponse(target), requestFor(target));
    for (let i = 0; i < 8; i += 1) store.variants("default /a");
    for (let i = 0; i < 2 ** 18; i += 1) store.variants("default /b");
    expect(store.useCount("default /a")).to.equal(4);
    expect(store.useCount("default /b")).to.be.greaterThan(2 ** 16);
  });

  it("keeps the other variants of a key when one is too large to be kept beside them", () => {
    const store = memoryStore(20_000);
    const variant = (language: string, bytes: number) => ({
      selecting: new Map([["accept-language", language]]),
      chunks: [new Uint8Array(bytes)],
      bodyLength: bytes,
    });
    const put = (language: string, bytes: number) =>
      store.put(
        storedResponse("/a", variant(language, bytes)),
        requestFor("/a", { "Accept-Language": language }),
      );
    expect([put("de", 7_500), put("fr", 7_500), put("it", 7_500)]).to.deep.equal([
      "stored",
      "stored",
      "too-large",
    ]);
    expect(store.peek("default /a")).to.have.length(2);
  });
});
