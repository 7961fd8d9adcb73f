import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { Sites } from "../origin/sites.ts";
import { cacheKey } from "../rules/cache-key.ts";
import { HotCall } from "./hot-call.ts";

describe("the answer to Hot", () => {
  const origin = { kind: "http", url: new URL("http://backend.example") } as const;
  const sites = new Sites([
    { name: "shop", hosts: ["shop.example"], origin },
    { name: "rest", hosts: [], origin },
  ]);

  it("has URLs whose host selects the site, and none where none does", async () => {
    const store = memoryStore(1_000_000);
    const put = (site: string, base: string | undefined, target: string) => {
      const of = { site, target, ...(base === undefined ? {} : { base }) };
      const stored = { ...storedResponse(target), ...of, key: cacheKey(of) };
      store.put(stored, { ...of, method: "GET", fields: stored.fields });
    };
    put("shop", "https://shop.example", "/a?b=1");
    put("shop", "http://backend.example", "/b");
    put("rest", undefined, "/c");
    put("rest", "http://any.example", "/d");
    const hot = new HotCall({ id: "edge-1", store, clock: systemClock, siteOf: (host) => sites.of(host) });
    const answer = await hot.answer({ limit: 0 });
    const urls = answer.ok ? answer.value.pages.map(({ target, url }) => `${target} ${url}`) : answer.message;
    expect(urls).to.have.members([
      "/a?b=1 https://shop.example/a?b=1",
      "/b ",
      "/c /c",
      "/d http://any.example/d",
    ]);
  });
});
