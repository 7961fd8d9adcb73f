import { expect } from "chai";
import { traceOf } from "./trace.ts";

/** The pages by number, and the size of each. */
function read(...lines: string[]) {
  const { pages, sizes } = traceOf("a trace", lines);
  return { pages: [...pages], sizes: [...sizes.values()] };
}

describe("a request log", () => {
  it("is read in the combined format, where only answers 200 to GET count", () => {
    const line = (request: string, status: number) =>
      `192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "${request} HTTP/1.1" ${status} 1234 "-" "-"`;
    expect(
      read(line("GET /a", 200), line("POST /a", 200), line("GET /b", 404), line("GET /a", 200)),
    ).to.deep.equal({ pages: [0, 0], sizes: [1234] });
  });

  it("is read as the CSV of libCacheSim, with the names of its columns or without", () => {
    const wanted = { pages: [0, 1, 0], sizes: [737, 248] };
    expect(
      read("# time, object, size, next_access_vtime", "0, 7, 737, 3", "0, 8, 248, 9", "1, 7, 737, 5"),
    ).to.deep.equal(wanted);
    expect(read("version,time,op,size,lbn", "1,5,2a,737,7", "1,5,2a,248,8", "1,6,2a,737,7")).to.deep.equal(
      wanted,
    );
    expect(read("0,7,737,3", "0,8,248,9", "1,7,737,5")).to.deep.equal(wanted);
  });

  it("is read as Wikimedia publishes it", () => {
    expect(read("0\thash1\t500\t0.1", "1\thash2\t600\t0.1")).to.deep.equal({
      pages: [0, 1],
      sizes: [500, 600],
    });
    expect(read("0\thash1\tjpeg\t500\t0.1")).to.deep.equal({ pages: [0], sizes: [500] });
    expect(read("hash1\tjpeg\t500")).to.deep.equal({ pages: [0], sizes: [500] });
  });

  it("is read as Twitter publishes it, where only gets count", () => {
    expect(read("0,key1,4,100,1,get,0", "0,key2,4,100,1,set,0", "1,key1,4,100,1,gets,0")).to.deep.equal({
      pages: [0, 0],
      sizes: [104],
    });
  });

  it("counts pages of more than 1 MiB as 1 MiB, and keeps the first size of a page", () => {
    expect(read("0,7,1048576,0", "0,8,1048577,0", "0,7,5,0")).to.deep.equal({
      pages: [0, 1, 0],
      sizes: [1048576, 1048576],
    });
  });
});
