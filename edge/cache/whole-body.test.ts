import { expect } from "chai";
import { WholeBody } from "./whole-body.ts";

describe("WholeBody", () => {
  const read = async (body: WholeBody, from: number): Promise<string> =>
    Buffer.concat(await Array.fromAsync(body.join().read(from))).toString();

  it("gives every reader its bytes, from where it wants them", async () => {
    const body = new WholeBody(Buffer.from("hello"));
    body.join().leave();
    expect([await read(body, 0), await read(body, 3), await read(body, 5)]).to.deep.equal([
      "hello",
      "lo",
      "",
    ]);
    expect([body.kept, body.joinable]).to.deep.equal([true, true]);
  });

  it("is complete from the start", async () => {
    const bytes = Buffer.from("hello");
    expect(await new WholeBody(bytes).end).to.deep.equal({ kind: "complete", chunks: [bytes], length: 5 });
    expect(await new WholeBody(Buffer.alloc(0)).end).to.deep.equal({
      kind: "complete",
      chunks: [],
      length: 0,
    });
  });
});
