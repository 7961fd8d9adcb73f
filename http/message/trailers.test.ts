import { expect } from "chai";
import { Fields } from "./fields.ts";
import { announcedTrailers, takesTrailers, trailerLines } from "./trailers.ts";

describe("trailers", () => {
  it("go to clients that say so, and by HTTP/2 to every client", () => {
    const takes = (te: string) => takesTrailers("1.1", Fields.of([["TE", te]]));
    expect(["trailers", "gzip;q=0.5, Trailers"].map(takes)).to.deep.equal([true, true]);
    expect(["", "gzip", "trailers-not"].map(takes)).to.deep.equal([false, false, false]);
    expect(takesTrailers("2", Fields.of([]))).to.equal(true);
    expect(takesTrailers("1.0", Fields.of([["TE", "trailers"]]))).to.equal(false);
  });

  it("have no field that says how the message is read", () => {
    const raw = ["Server-Timing", "a", "Set-Cookie", "b=c", "If-Match", "*", "X-Sum", "1", "Vary", "x"];
    expect(trailerLines(raw)).to.equal("Server-Timing: a\r\nX-Sum: 1\r\n");
    expect(announcedTrailers(["X-Sum, Set-Cookie", "Server-Timing"])).to.equal("X-Sum, Server-Timing");
    expect(announcedTrailers(["Vary"])).to.equal(undefined);
    expect(announcedTrailers([])).to.equal(undefined);
  });
});
