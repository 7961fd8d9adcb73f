import { hash } from "node:crypto";
import { access, constants } from "node:fs/promises";
import { mimes } from "mrmime";
import { formatHttpDate } from "../../http/message/date.ts";
import { Fields } from "../../http/message/fields.ts";
import { parseAddress } from "../../process/address.ts";
import type { Clock } from "../../process/clock.ts";
import { describeError, Failure } from "../../process/failure.ts";
import { isHost } from "../../process/settings/values.ts";
import { contentRange, resolveRange } from "../rules/range.ts";
import { preconditions } from "../rules/validation.ts";
import { type AssetFile, type FoundFile, findAsset, readAsset, realPath } from "./asset-file.ts";
import { assetPath, canonicalTarget, INDEX } from "./asset-path.ts";
import type { GiveUpSignal } from "./give-up.ts";
import { type OriginRequest, type OriginResponse, plainBody, type ReplaceableOrigin } from "./origin.ts";

export interface DirectoryOptions {
  readonly root: string;
  /** Freshness of the files in milliseconds, sent in whole seconds; 0 lets them be stored but revalidated each time. */
  readonly ttlMs: number;
  readonly clock: Clock;
}

// A map, because the table is a plain object, in which "constructor" is found too.
const mediaTypes: ReadonlyMap<string, string> = new Map(Object.entries(mimes));

/** The server that a path names if it is no path: `localhost:8000`, `shop.example/`. */
function serverMeant(path: string): string | undefined {
  const [server = ""] = path.split("/", 1);
  const isServer = parseAddress(server) !== undefined || (server.includes(".") && isHost(server));
  return isServer ? server : undefined;
}

/**
 * The files below a directory as an HTTP origin: GET and HEAD, validators, conditions, one range.
 * It answers 404 for files that may not be served: hidden names, links that leave the directory, devices.
 */
export class DirectoryOrigin implements ReplaceableOrigin {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #cacheControl: string;

  private constructor(realRoot: string, ttlMs: number, clock: Clock) {
    this.#root = realRoot;
    this.#clock = clock;
    const seconds = Math.floor(ttlMs / 1000);
    this.#cacheControl = seconds === 0 ? "no-cache" : `max-age=${seconds}`;
  }

  /** Throws a Failure with the code "bad-config" when `root` is not a directory that can be read. */
  static async open({ root, ttlMs, clock }: DirectoryOptions): Promise<DirectoryOrigin> {
    try {
      const realRoot = await realPath(Buffer.from(root).toString("latin1"));
      await expectDirectory(realRoot);
      return new DirectoryOrigin(realRoot, ttlMs, clock);
    } catch (error) {
      // Most often the scheme was forgotten.
      const server = serverMeant(root);
      const meant = server === undefined ? "" : `; did you mean http://${server}?`;
      const message = `The origin must be a directory that exists and can be read, got "${root}"${meant}`;
      throw new Failure("bad-config", "config", message, error);
    }
  }

  async fetch(request: OriginRequest, signal: GiveUpSignal): Promise<OriginResponse> {
    signal.throwIfAborted();
    if (request.method !== "GET" && request.method !== "HEAD") {
      return this.#explain(request, 405, "This origin answers GET and HEAD only.", [["Allow", "GET, HEAD"]]);
    }
    const path = assetPath(request.target);
    if (path === undefined) return this.#notFound(request);
    const asset = await findAsset(this.#root, path.directory ? [...path.names, INDEX] : path.names);
    signal.throwIfAborted();
    switch (asset.kind) {
      case "file": {
        const canonical = canonicalTarget(path, request.target);
        return canonical === request.target
          ? this.#answer(request, asset, signal)
          : this.#redirect(request, canonical);
      }
      case "directory": {
        const index = path.directory ? undefined : await findAsset(this.#root, [...path.names, INDEX]);
        if (index?.kind !== "file") return this.#notFound(request);
        return this.#redirect(request, canonicalTarget({ ...path, directory: true }, request.target));
      }
      case "absent":
        return this.#notFound(request);
      case "forbidden":
        return this.#explain(request, 403, "This file may not be read.");
    }
  }

  async probe(): Promise<void> {
    try {
      await expectDirectory(this.#root);
    } catch (error) {
      const message = `The directory origin can not be read: ${describeError(error)}`;
      throw new Failure("destination_unavailable", "origin", message, error);
    }
  }

  async retire(): Promise<void> {
    // Nothing is open between fetches.
  }

  async close(): Promise<void> {
    // The same.
  }

  #answer(request: OriginRequest, found: FoundFile, signal: GiveUpSignal): OriginResponse {
    const { file } = found;
    const validators = this.#validators(found);
    const fields = Fields.of([
      ...validators,
      ["Content-Type", contentTypeOf(file.name)],
      ["Accept-Ranges", "bytes"],
    ]);
    const asked = { ...request, site: "" };
    const head = { status: 200, fields };
    switch (preconditions(asked, head)) {
      case "not-modified":
        return { status: 304, fields: Fields.of(validators), body: plainBody() };
      case "precondition-failed":
        return this.#explain(request, 412, "The file is not as the request requires.");
      case "proceed":
        break;
    }
    const range = resolveRange(asked, head, file.size);
    if (range.kind === "unsatisfiable") {
      const reach = [["Content-Range", contentRange(undefined, file.size)]] as const;
      return this.#explain(request, 416, "The file does not reach that far.", reach);
    }
    // RFC 9110 section 14.2: a server may answer a Range with the whole, as we do when it asks for several parts.
    const part = range.kind === "parts" && range.parts.length === 1 ? range.parts[0] : undefined;
    const { first, last } = part ?? { first: 0, last: file.size - 1 };
    const sized = fields.plus("Content-Length", String(last + 1 - first));
    return {
      status: part === undefined ? 200 : 206,
      fields: part === undefined ? sized : sized.plus("Content-Range", contentRange(part, file.size)),
      body: request.method === "HEAD" ? plainBody() : contentOf(found, first, last, signal),
    };
  }

  #validators(found: FoundFile): readonly (readonly [string, string])[] {
    const now = this.#clock.wall();
    // RFC 9110 section 8.8.2.1: Last-Modified is never later than Date.
    const modified = Math.min(Number(found.file.stats.mtimeMs), now);
    return [
      ["Date", formatHttpDate(now)],
      ["ETag", entityTag(found)],
      ["Last-Modified", formatHttpDate(modified)],
      ["Cache-Control", this.#cacheControl],
    ];
  }

  #notFound(request: OriginRequest): OriginResponse {
    return this.#explain(request, 404, "There is no such file.");
  }

  #redirect(request: OriginRequest, location: string): OriginResponse {
    const text = `It is at ${location}`;
    return this.#text(request, 301, text, [
      ["Location", location],
      ["Cache-Control", this.#cacheControl],
    ]);
  }

  /** An error, which is never stored: the file may appear, or change its mode, at any moment. */
  #explain(
    request: OriginRequest,
    status: number,
    text: string,
    more: readonly (readonly [string, string])[] = [],
  ): OriginResponse {
    return this.#text(request, status, text, [...more, ["Cache-Control", "no-store"]]);
  }

  #text(
    request: OriginRequest,
    status: number,
    text: string,
    more: readonly (readonly [string, string])[],
  ): OriginResponse {
    const bytes = Buffer.from(`${text}\n`);
    const fields = Fields.of([
      ["Date", formatHttpDate(this.#clock.wall())],
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Content-Length", String(bytes.byteLength)],
      ...more,
    ]);
    return { status, fields, body: request.method === "HEAD" ? plainBody() : plainBody(bytes) };
  }
}

async function expectDirectory(realRoot: string): Promise<void> {
  // A path with a slash at its end is a directory or an error; reading and searching it must be allowed.
  await access(Buffer.from(`${realRoot}/`, "latin1"), constants.R_OK | constants.X_OK);
}

function contentOf(
  { file, bytes }: FoundFile,
  first: number,
  last: number,
  signal: GiveUpSignal,
): AsyncIterable<Uint8Array> {
  return bytes === undefined
    ? readAsset(file, first, last, signal)
    : plainBody(bytes.subarray(first, last + 1));
}

/**
 * RFC 9110 section 8.8.1: a strong validator changes whenever the bytes do. Two writes within one tick of the file
 * system's clock leave the same times, so a small file is known by its content; a large one by its times, of which
 * the change time can not be set back.
 */
function entityTag({ file, bytes }: FoundFile): string {
  // 128 bits of the digest are plenty.
  if (bytes !== undefined) return `"${hash("sha256", bytes, "base64url").slice(0, 22)}"`;
  return `"${stamp(file)}"`;
}

function stamp({ stats }: AssetFile): string {
  return [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].map((part) => part.toString(36)).join("-");
}

/** The media type that the end of a file name stands for. `application/octet-stream` when it says nothing. */
export function contentTypeOf(fileName: string): string {
  const dot = fileName.lastIndexOf(".");
  const type = dot < 0 ? undefined : mediaTypes.get(fileName.slice(dot + 1).toLowerCase());
  if (type === undefined) return "application/octet-stream";
  return isUtf8Text(type) ? `${type}; charset=utf-8` : type;
}

// Text that a browser would decode by guess, or as the page that includes it, if we did not say UTF-8.
function isUtf8Text(type: string): boolean {
  return /^text\/|[/+]json$|\/javascript$|^image\/svg\+xml$/.test(type);
}
