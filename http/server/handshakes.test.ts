import { expect } from "chai";
import type { OpenConnection } from "./connections.ts";
import { Handshakes } from "./handshakes.ts";

describe("the handshakes under way", () => {
  let destroyed: string[];
  let limited: string[];
  let handshakes: Handshakes;

  beforeEach(() => {
    [destroyed, limited] = [[], []];
    handshakes = new Handshakes((client) => limited.push(client), 3);
  });

  function begin(client: string, name: string): OpenConnection {
    const handshake: OpenConnection = {
      peer: { client, trusted: false },
      receives: false,
      place: undefined,
      checkTime: () => undefined,
      stop: () => undefined,
      destroy: () => destroyed.push(name),
    };
    handshakes.add(handshake);
    return handshake;
  }

  it("are as many as allowed", () => {
    for (const name of ["1", "2", "3"]) begin("a", name);
    expect([handshakes.size, destroyed]).to.deep.equal([3, []]);
  });

  it("cost the client with the most its oldest, when there is one more", () => {
    for (const name of ["1", "2"]) begin("a", name);
    begin("b", "b1");
    begin("b", "b2");
    expect([handshakes.size, destroyed, limited]).to.deep.equal([3, ["1"], ["a"]]);
  });

  it("make room when they end", () => {
    const first = begin("a", "1");
    begin("a", "2");
    begin("a", "3");
    handshakes.delete(first);
    handshakes.delete(first);
    begin("a", "4");
    expect([handshakes.size, destroyed]).to.deep.equal([3, []]);
  });
});
