import { expect } from "chai";
import { TUNNEL_LIMITS, type TunnelRefusal, Tunnels } from "./tunnels.ts";

describe("the tunnels of an edge", () => {
  const limits = { edge: 4, site: 3, client: 2 };

  function taking(tunnels: Tunnels) {
    return (site: string, client: string): TunnelRefusal | "taken" => {
      const taken = tunnels.take(site, client);
      return typeof taken === "string" ? taken : "taken";
    };
  }

  it("are as many as edge, site and client may have, and no more", () => {
    const tunnels = new Tunnels(limits);
    const take = taking(tunnels);
    expect([take("a", "1"), take("a", "1"), take("a", "1")]).to.deep.equal([
      "taken",
      "taken",
      "client-tunnels",
    ]);
    expect([take("a", "2"), take("a", "3")]).to.deep.equal(["taken", "site-tunnels"]);
    expect([take("b", "3"), take("b", "4"), tunnels.open]).to.deep.equal(["taken", "edge-tunnels", 4]);
  });

  it("make room once when one ends", () => {
    const tunnels = new Tunnels({ ...limits, client: 1 });
    const end = tunnels.take("a", "1");
    const take = taking(tunnels);
    expect(take("a", "1")).to.equal("client-tunnels");
    if (typeof end === "string") throw new Error(end);
    end();
    end();
    expect([tunnels.open, take("a", "1"), take("a", "1")]).to.deep.equal([0, "taken", "client-tunnels"]);
  });

  it("keep the last tenth for clients that have few", () => {
    const tunnels = new Tunnels({ edge: 1_000, site: 1_000, client: 1_000 });
    const take = taking(tunnels);
    const large = Array.from({ length: 901 }, () => take("a", "large"));
    expect([large.at(899), large.at(900), take("a", "small")]).to.deep.equal([
      "taken",
      "site-tunnels",
      "taken",
    ]);
  });

  it("leave half of the connections to requests", () => {
    expect(TUNNEL_LIMITS).to.deep.equal({ edge: 2_000, site: 1_000, client: 250 });
  });
});
