import { expect } from "chai";
import type { Site } from "./site-settings.ts";
import { Sites } from "./sites.ts";

const origin = { kind: "directory", path: "/nowhere" } as const;
const shop: Site = { name: "shop", hosts: ["shop.example", "www.shop.example", "::1"], origin };
const blog: Site = { name: "blog", hosts: ["blog.example"], origin };
const rest: Site = { name: "rest", hosts: [], origin };

describe("Sites", () => {
  it("finds the site by the host, whatever its case, its port and the dot at its end", () => {
    const sites = new Sites([shop, blog]);
    for (const [authority, name] of [
      ["shop.example", "shop"],
      ["WWW.Shop.Example", "shop"],
      ["blog.example:8080", "blog"],
      ["blog.example.", "blog"],
      ["blog.example.:80", "blog"],
      ["blog.example:", "blog"],
      ["[::1]", "shop"],
      ["[::1]:8081", "shop"],
    ]) {
      expect(sites.of(authority ?? ""), authority).to.equal(name);
    }
  });

  it("finds none for another host, unless one site answers every host", () => {
    for (const authority of ["evil.example", "shop.example.evil", "example", "", "__proto__", "[::2]"]) {
      expect(new Sites([shop, blog]).of(authority)).to.equal(undefined);
      expect(new Sites([shop, rest, blog]).of(authority)).to.equal("rest");
    }
  });

  it("keeps the names in their order", () => {
    expect(new Sites([shop, rest, blog]).names).to.deep.equal(["shop", "rest", "blog"]);
  });
});
