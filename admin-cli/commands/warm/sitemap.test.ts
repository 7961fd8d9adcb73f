import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { Failure } from "../../../process/failure.ts";
import { parseSitemap, sitemapUrls } from "./sitemap.ts";

const INDEX = (url: string) => `<sitemapindex><sitemap><loc>${url}</loc></sitemap></sitemapindex>`;
const PAGES = "<urlset><url><loc>http://a.example/</loc></url></urlset>";

/** Reads from these files. */
const from = (files: Readonly<Record<string, string | Buffer>>) => async (name: string) =>
  Buffer.from(files[name] ?? "");

async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.message;
    throw thrown;
  }
  return "none";
}

describe("a sitemap", () => {
  it("has the URLs of its pages, with entities and other prefixes, and not those of its pictures", () => {
    const text =
      '<s:urlset xmlns:s="x" xmlns:i="y"><s:url><s:loc> http://a.example/?a=1&amp;b=2 </s:loc>' +
      "<i:image><i:loc>http://a.example/p.png</i:loc></i:image></s:url>" +
      "<s:url><s:loc><![CDATA[http://a.example/c]]></s:loc></s:url></s:urlset>";
    expect(parseSitemap("x", text)).to.deep.equal({
      pages: ["http://a.example/?a=1&b=2", "http://a.example/c"],
      sitemaps: [],
    });
  });

  it("may stand behind two indexes, not three, and each file is read once", async () => {
    const files = { a: INDEX("http://b"), "http://b": INDEX("http://c"), "http://c": PAGES };
    expect(await sitemapUrls("a", from(files))).to.deep.equal(["http://a.example/"]);
    const deep = from({ ...files, "http://c": INDEX("http://d"), "http://d": PAGES });
    expect(await failureOf(sitemapUrls("a", deep))).to.contain("at most 3 levels");
    const circle = from({ "http://a": INDEX("http://a") });
    expect(await sitemapUrls("http://a", circle)).to.deep.equal([]);
  });

  it("is refused when it is no XML, names no URL as its part, or grows beyond 50 MiB when it is unpacked", async () => {
    expect(await failureOf(sitemapUrls("a", from({ a: "<urlset>" })))).to.contain("must be well-formed XML");
    expect(await failureOf(sitemapUrls("a", from({ a: INDEX("/etc/passwd") })))).to.contain(
      'must name http(s) URLs, got "/etc/passwd"',
    );
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024 + 1, " "));
    expect(await failureOf(sitemapUrls("a", from({ a: bomb })))).to.contain("must be gzip of at most");
  });

  it("has no entities of its own", async () => {
    const text = '<!DOCTYPE u [<!ENTITY x "y">]><urlset><url><loc>http://a/&x;</loc></url></urlset>';
    expect(await failureOf(sitemapUrls("a", from({ a: text })))).to.contain("must be well-formed XML");
  });
});
