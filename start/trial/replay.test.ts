import { expect } from "chai";
import { edgeConfig } from "../../edge/config.ts";
import { Fields } from "../../http/message/fields.ts";
import type { RecordedRequest } from "./recorded-requests.ts";
import { replay } from "./replay.ts";

const OPTIONS = { authority: "shop.example", assumedTtlMs: 60_000 };
const config = (rules = "") =>
  edgeConfig({
    argv: ["--config", "edge.yaml"],
    env: {},
    readFile: () =>
      `memory: 4MiB\nsites:\n  - { name: shop, hosts: [shop.example], origin: http://o.example${rules} }\n`,
  });

function request(at: number, target: string, more: Partial<RecordedRequest> = {}): RecordedRequest {
  const responseFields = Fields.of([["Cache-Control", "max-age=60"]]);
  const plain = {
    method: "GET",
    authority: "",
    fields: Fields.of([]),
    status: 200,
    bytes: 1_000,
    responseFields,
  };
  return { at, target, ...plain, ...more };
}

describe("a replay of recorded requests", () => {
  it("hits what is stored and fresh at the time of the record, and nothing else", async () => {
    const { hits, misses, revalidated, own, bytes, hitBytes, objects } = await replay(
      [
        request(0, "/a"),
        request(1_000, "/a"),
        request(2_000, "/b"),
        request(70_000, "/a"),
        request(71_000, "/a", { authority: "other.example" }),
      ],
      config(),
      OPTIONS,
    );
    expect({ hits, misses, revalidated, own, objects }).to.deep.equal({
      hits: 1,
      misses: 3,
      revalidated: 0,
      own: 1,
      objects: 2,
    });
    expect([bytes, hitBytes]).to.deep.equal([5_000, 1_000]);
  });

  it("shows what rules change", async () => {
    const requests = [1, 2, 3, 4].map((n) => request(n, `/a?utm_source=${n}`));
    const rules = ", rules: [{ match: { path: /** }, key: { query: { ignore: [utm_*] } } }]";
    expect((await replay(requests, config(), OPTIONS)).hits).to.equal(0);
    expect((await replay(requests, config(rules), OPTIONS)).hits).to.equal(3);
  });

  it("tells why responses were not stored", async () => {
    const noStore = { responseFields: Fields.of([["Cache-Control", "no-store"]]) };
    const { notStored } = await replay(
      [request(0, "/a", noStore), request(1, "/b", noStore)],
      config(),
      OPTIONS,
    );
    expect(notStored).to.deep.equal([["no-store", 2]]);
  });

  it("assumes a freshness where the record has no fields, and none for errors", async () => {
    const unknown = { responseFields: undefined };
    const pages = [request(0, "/a", unknown), request(59_000, "/a", unknown), request(61_000, "/a", unknown)];
    expect((await replay(pages, config(), OPTIONS)).hits).to.equal(1);
    const error = { ...unknown, status: 500 };
    expect(
      (await replay([request(0, "/a", error), request(1, "/a", error)], config(), OPTIONS)).hits,
    ).to.equal(0);
  });

  it("evicts as the edge would", async () => {
    const large = { bytes: 900_000 };
    const requests = Array.from({ length: 12 }, (_, n) => request(n, `/${n}`, large));
    const { objects } = await replay(requests, config(), OPTIONS);
    expect(objects).to.be.lessThan(6);
  });
});
