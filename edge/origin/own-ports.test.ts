import { expect } from "chai";
import { isOwnOrigin, type OwnPorts } from "./own-ports.ts";

const from = (url: string, own: OwnPorts) => isOwnOrigin({ kind: "http", url: new URL(url) }, own);

describe("an origin that is the edge itself", () => {
  const onLoopback: OwnPorts = { host: "127.0.0.1", ports: [80, 8081] };

  for (const url of [
    "http://127.0.0.1:8081",
    "http://localhost:8081",
    "http://[::1]:8081",
    "http://[::ffff:127.0.0.1]:8081",
    "http://localhost.:8081",
    "http://2130706433:8081",
    "http://127.0.0.1",
  ]) {
    it(`is seen behind ${url}`, () => expect(from(url, onLoopback)).to.equal(true));
  }

  for (const url of [
    "http://127.0.0.1:8000",
    "http://10.0.0.1:8081",
    "https://127.0.0.1",
    "http://example.com",
  ]) {
    it(`is not seen behind ${url}`, () => expect(from(url, onLoopback)).to.equal(false));
  }

  it("is seen by every name of an edge that listens on every address", () => {
    const own: OwnPorts = { host: "0.0.0.0", advertise: "edge-1", ports: [8081] };
    for (const host of ["127.0.0.1", "edge-1", "0.0.0.0"])
      expect(from(`http://${host}:8081`, own)).to.equal(true);
    expect(from("http://edge-2:8081", own)).to.equal(false);
  });

  it("is seen among several", () => {
    const urls = [new URL("http://127.0.0.1:8000"), new URL("http://127.0.0.1:8081")];
    expect(isOwnOrigin({ kind: "several", urls }, onLoopback)).to.equal(true);
    expect(isOwnOrigin({ kind: "several", urls: urls.slice(0, 1) }, onLoopback)).to.equal(false);
  });

  it("is never a directory", () => {
    expect(isOwnOrigin({ kind: "directory", path: "assets" }, onLoopback)).to.equal(false);
  });
});
