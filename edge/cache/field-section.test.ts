import { expect } from "chai";
import { type RequestHead, RequestHeads } from "../../http/message/request-head.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { FieldSection } from "./field-section.ts";

const CAME = { site: "default", scheme: "http", authority: "a", addresses: "192.0.2.7" } as const;

/** The sections of one connection, each made from the one before where that is possible. */
class Sections {
  readonly #heads = new RequestHeads();
  #last: FieldSection | undefined;

  of(lines: string) {
    const request = this.#read(lines);
    const similar = this.#last?.similar(request);
    this.#last = similar ?? FieldSection.of(request, CAME, "edge-1");
    return { section: this.#last, request, isSimilar: similar !== undefined };
  }

  #read(lines: string): RequestHead {
    const read = this.#heads.read(Buffer.from(`GET /a HTTP/1.1\r\nHost: a\r\n${lines}\r\n`, "latin1"));
    if (read.kind !== "head") throw new Error(`no request: ${lines}`);
    return read.head;
  }
}

const forAgent = (agent: string) => storedResponse("/a", { selecting: new Map([["user-agent", agent]]) });

describe("a field section made from a similar one", () => {
  it("selects by its own values, also when these fields have changed before", () => {
    const sections = new Sections();
    const selected = ["x", "a", "b", "a", "c"].map((agent) => {
      const { section, isSimilar } = sections.of(`Accept: x\r\nUser-Agent: ${agent}\r\nDNT: 1\r\n`);
      const stored = [forAgent("a"), forAgent("b")];
      return [isSimilar, section.onlySelected(stored)?.selecting.get("user-agent")];
    });
    expect(selected).to.deep.equal([
      [false, undefined],
      [true, "a"],
      [true, "b"],
      [true, "a"],
      [true, undefined],
    ]);
  });

  it("selects by a value that was the same so far and changes now", () => {
    const sections = new Sections();
    const selected = ["a 1", "a 2", "a 3", "b 3", "b 4", "a 4"].map((values) => {
      const [agent, cookie] = values.split(" ");
      const { section } = sections.of(`User-Agent: ${agent}\r\nAccept: x\r\nCookie: ${cookie}\r\n`);
      return section.onlySelected([forAgent("a")]) !== undefined;
    });
    expect(selected).to.deep.equal([true, true, true, false, false, true]);
  });

  it("is made anew when a field has changed that decides what is asked for", () => {
    const sections = new Sections();
    const asked = ['"a"', '"b"', '"c"'].map((tag) => {
      const { section, request, isSimilar } = sections.of(
        `Accept: x\r\nIf-None-Match: ${tag}\r\nCookie: ${tag}\r\n`,
      );
      const fields = section.requestFor(request).fields;
      return [isSimilar, section.asks, fields.get("if-none-match")];
    });
    expect(asked).to.deep.equal([
      [false, "part", '"a"'],
      [false, "part", '"b"'],
      [false, "part", '"c"'],
    ]);
  });
});
