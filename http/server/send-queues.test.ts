import { expect } from "chai";
import { endsKey } from "./send-queues.ts";

describe("the name of a connection in the tables of Linux", () => {
  const named = (remoteAddress: string | undefined) =>
    endsKey({ localPort: 8080, remoteAddress, remotePort: 50000 });

  it("has the words of an address in the order of the processor", () => {
    expect(named("192.0.2.7")).to.equal("1F90 070200C0:C350");
    expect(named("::ffff:192.0.2.7")).to.equal("1F90 0000000000000000FFFF0000070200C0:C350");
    expect(named("2001:db8::1")).to.equal("1F90 B80D0120000000000000000001000000:C350");
  });

  it("is none for a socket that is not connected", () => {
    expect(named(undefined)).to.equal(undefined);
  });
});
