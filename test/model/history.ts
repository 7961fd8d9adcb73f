import type { Line } from "./message.ts";
import type { PurgeScope } from "./record.ts";

/** The origin's new answers for a target. Times in seconds. */
export interface Publication {
  readonly target: string;
  readonly status: number;
  /** The values of its Cache-Control lines. */
  readonly control: readonly string[];
  /** The value of CDN-Cache-Control or EdgeCache-Cache-Control. */
  readonly targeted?: Line | undefined;
  /** Expires, from Date; a text is sent as it is. */
  readonly expires?: number | string | undefined;
  readonly age?: string | undefined;
  /** How far its clock is from the edge's; undefined sends no Date. */
  readonly date: number | undefined;
  readonly tag: "strong" | "weak" | "lasting" | undefined;
  /** Last-Modified, before the publication. */
  readonly modified?: number | undefined;
  readonly vary?: string | undefined;
  readonly cacheTag?: string | undefined;
  /** Characters of content beyond what tells it apart. */
  readonly padding: number;
  /** The content stays as it was: only what is said of it is new. */
  readonly unchanged: boolean;
  /** Whether a 304 names the validators. */
  readonly bare304: boolean;
  readonly contentLength: boolean;
  /** Location and Content-Location of answers to POST. */
  readonly location?: string | undefined;
  readonly hop: boolean;
}

/** The request of a client. */
export interface Asking {
  readonly target: string;
  readonly method: "GET" | "HEAD" | "POST";
  readonly fields: readonly Line[];
  /** Validators of the answer that was last seen for the target, where it had them. */
  readonly condition?: "If-None-Match" | "If-Modified-Since" | "If-Range" | undefined;
}

export type Step =
  | { readonly kind: "publish"; readonly publication: Publication }
  | { readonly kind: "ask"; readonly asking: Asking }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "purge"; readonly scope: PurgeScope; readonly soft: boolean }
  /** From now on the origin cannot be reached, breaks off its content, or is well again. */
  | { readonly kind: "origin"; readonly state: "up" | "unreachable" | "breaking" }
  /** From now on every answer of the origin waits for `release`: before its fields, or after half its content. */
  | { readonly kind: "hold"; readonly at: "fields" | "content" }
  | { readonly kind: "release" }
  /** The edge is cut off from the purge log, or reaches it again. */
  | { readonly kind: "log"; readonly reached: boolean };

/** The lease is in milliseconds. It begins with a publication of every target. */
export interface History {
  readonly leaseMs: number;
  readonly publications: readonly Publication[];
  readonly steps: readonly Step[];
}
