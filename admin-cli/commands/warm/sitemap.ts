import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { SaxesParser } from "saxes";
import { describeError, Failure } from "../../../process/failure.ts";
import { show } from "../../../process/settings/values.ts";

// https://www.sitemaps.org/protocol.html: a file has at most 50 MB uncompressed, and an index names no other index. One
// more level, because some sites have it.
const MOST_BYTES = 50 * 1024 * 1024;
const MOST_DEPTH = 3;
// The list is held in memory. An index may name 50,000 files of 50,000 URLs each.
const MOST_URLS = 1_000_000;
const MOST_FILES = 1_000;
const FETCH_MS = 30_000;

const unzip = promisify(gunzip);

/** What one file says: URLs of pages, and of further sitemaps. */
export interface Sitemap {
  readonly pages: readonly string[];
  readonly sitemaps: readonly string[];
}

/** The URLs of a sitemap, which is a URL or a file, and of all that its index names. Throws Failure("bad-sitemap"). */
export async function sitemapUrls(from: string, read: (from: string) => Promise<Buffer> = readBytes) {
  const pages = new Set<string>();
  const seen = new Set([from]);
  let level = [from];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MOST_DEPTH)
      throw badSitemap(from, `must have at most ${MOST_DEPTH} levels of indexes`, level[0]);
    const next: string[] = [];
    for (const each of level) {
      const found = parseSitemap(each, await plainText(each, await read(each)));
      for (const page of found.pages) pages.add(page);
      for (const further of found.sitemaps) {
        if (!/^https?:\/\//i.test(further)) throw badSitemap(each, "must name http(s) URLs", further);
        if (!seen.has(further)) next.push(further);
        seen.add(further);
      }
      if (pages.size > MOST_URLS) throw badSitemap(from, `must have at most ${MOST_URLS} URLs`, pages.size);
      if (seen.size > MOST_FILES) throw badSitemap(from, `must have at most ${MOST_FILES} files`, seen.size);
    }
    level = next;
  }
  return [...pages];
}

/** Entities of a document's own are not replaced, so none can grow. Throws Failure("bad-sitemap"). */
export function parseSitemap(from: string, text: string): Sitemap {
  const parser = new SaxesParser({ position: true });
  const pages: string[] = [];
  const sitemaps: string[] = [];
  const open: string[] = [];
  let location = "";
  parser.on("opentag", ({ name }) => {
    open.push(name.replace(/^.*:/, ""));
    location = "";
  });
  const add = (part: string) => {
    location += part;
  };
  parser.on("text", add);
  parser.on("cdata", add);
  parser.on("closetag", () => {
    const [name, parent] = [open.pop(), open.at(-1)];
    if (name !== "loc") return;
    if (parent === "url") pages.push(location.trim());
    else if (parent === "sitemap") sitemaps.push(location.trim());
  });
  parser.on("error", (error) => {
    throw badSitemap(from, "must be well-formed XML", error.message);
  });
  parser.write(text).close();
  return { pages, sitemaps };
}

// RFC 1952 section 2.3.1.
const GZIP = Buffer.from([0x1f, 0x8b]);

async function plainText(from: string, bytes: Buffer): Promise<string> {
  if (!bytes.subarray(0, GZIP.length).equals(GZIP)) return bytes.toString("utf8");
  try {
    return (await unzip(bytes, { maxOutputLength: MOST_BYTES })).toString("utf8");
  } catch (thrown) {
    throw badSitemap(from, `must be gzip of at most ${MOST_BYTES} bytes`, describeError(thrown));
  }
}

async function readBytes(from: string): Promise<Buffer> {
  try {
    if (!/^https?:\/\//i.test(from)) return await readFile(from);
    const response = await fetch(from, { signal: AbortSignal.timeout(FETCH_MS) });
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of response.body) {
      length += part.length;
      if (length > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch (thrown) {
    throw badSitemap(from, "must be a file or a URL that can be read", describeError(thrown));
  }
}

function badSitemap(from: string, rule: string, got: unknown): Failure {
  return new Failure("bad-sitemap", "client", `sitemap ${show(from)}: ${rule}, got ${show(got)}`);
}
