import { expect } from "chai";
import { HalfClose } from "./half-close.ts";

const taken = (bytesWritten: number) => ({ bytesWritten, writableLength: 0 });

describe("a client that sends no more", () => {
  it("is held to have left when nothing is written to it for 10 s, and not before", () => {
    const client = new HalfClose(100, 0);
    expect(client.hasLeft(taken(100), 10_000)).to.equal(false);
    expect(client.hasLeft(taken(100), 10_001)).to.equal(true);
  });

  it("gets 10 s more with everything that is written to it", () => {
    const client = new HalfClose(100, 0);
    expect(client.hasLeft(taken(101), 10_001)).to.equal(false);
    expect(client.hasLeft(taken(101), 20_001)).to.equal(false);
    expect(client.hasLeft(taken(101), 20_002)).to.equal(true);
  });

  it("has not left while a write is under way, nor in the 10 s after it", () => {
    const client = new HalfClose(100, 0);
    expect(client.hasLeft({ bytesWritten: 100, writableLength: 1 }, 25_000)).to.equal(false);
    expect(client.hasLeft(taken(100), 35_000)).to.equal(false);
    expect(client.hasLeft(taken(100), 35_001)).to.equal(true);
  });
});
