import { expect } from "chai";
import { callReader, readPurgeBytes } from "../../edge/control-plane/decode.ts";
import { explainRequest } from "../../edge/control-plane/http/get-request.ts";
import { readPurgeBody } from "../../edge/control-plane/http/purge-body.ts";
import { readQuery } from "../../edge/control-plane/http/query.ts";
import { certificateNames } from "../../process/control/certificate-names.ts";
import {
  ExplainRequest,
  ForgetRequest,
  PurgeRequest,
  PurgesRequest,
  ReloadRequest,
  WatchStatsRequest,
} from "../../proto/gen/edgecache/v1/edge.ts";
import { decodeConfirmation, encodeConfirmation } from "../../purge-log/confirmation-codec.ts";
import { decodeHeartbeat, encodeHeartbeat } from "../../purge-log/heartbeat-codec.ts";
import { decodeEntry, encodePurge, PURGE_FIELD } from "../../purge-log/purge-codec.ts";
import { hostileBytes, hostileText } from "./hostile-text.ts";
import { type FuzzTarget, target } from "./target.ts";

const CALLS = [
  PurgeRequest.encode({
    purgeId: "p-1",
    targets: [
      { target: { $case: "url", url: "/a?b=c" }, site: "" },
      { target: { $case: "prefix", prefix: "/d" }, site: "" },
      { target: { $case: "tag", tag: "t" }, site: "shop" },
      { target: { $case: "everything", everything: true }, site: "" },
    ],
    soft: true,
    wait: { seconds: 5, nanos: 1 },
    dryRun: false,
    rebound: undefined,
    pace: 50,
  }).finish(),
  ExplainRequest.encode({ url: "https://a/b", fields: { Accept: "*/*", Range: "bytes=0-" } }).finish(),
  ForgetRequest.encode({ edge: "edge-1" }).finish(),
  WatchStatsRequest.encode({ period: { seconds: 1, nanos: 0 } }).finish(),
];

const NAMES = [
  "DNS:edge-1, DNS:localhost, IP Address:127.0.0.1, URI:spiffe://fleet/edge, email:ann@example.org",
  'DNS:"a, DNS:b", URI:"http://a\\", DNS:ann, x", othername:<unsupported>',
];

const ENTRIES = [
  JSON.stringify({
    purgeId: "p-1",
    targets: [
      { kind: "url", target: "/a?b=c", site: "shop" },
      { kind: "prefix", prefix: "/d" },
      { kind: "tag", tag: "t" },
    ],
    soft: false,
    by: "edge-1",
  }),
  JSON.stringify({
    purgeId: "p-3",
    targets: [{ kind: "tag", tag: "t" }],
    soft: true,
    reboundMs: 2000.5,
    by: "x",
  }),
  JSON.stringify({ purgeId: "p-2", targets: [{ kind: "everything" }], soft: true, pace: 5, by: "" }),
];

const BEATS = [
  encodeHeartbeat({
    edge: "edge-1",
    bootId: "b",
    grpcAddress: "10.0.0.1:50051",
    httpAddress: "10.0.0.1:8081",
    position: { epoch: 1, seq: 2 },
    runId: "r",
    leaseMs: 2000,
    sites: "",
    staleWhenLapsed: false,
    applied: [{ position: { epoch: 1, seq: 2 }, objects: 3 }],
  }),
];

const CONFIRMATIONS = [
  encodeConfirmation({
    edge: "edge-1",
    position: { epoch: 1, seq: 2 },
    runId: "r",
    applied: [
      { position: { epoch: 1, seq: 1 }, objects: 3 },
      { position: { epoch: 1, seq: 2 }, objects: 4 },
    ],
  }),
];

const BODIES = [
  '{"urls":["/a","https://shop.example/b"],"prefixes":["/c"],"tags":["d"],"sites":["shop"]}',
  '{"all":true,"soft":true,"pace":5,"wait":"5s","rebound":"1.5s","dryRun":false,"purgeId":"a-1"}',
];

const QUERIES = ["/explain?url=/a&field=Accept:%20x&field=A:%20b", "/purges?limit=20", "/stats"];

export const controlTargets: readonly FuzzTarget[] = [
  target("purge calls", hostileBytes(CALLS), (bytes) => {
    const read = readPurgeBytes(bytes);
    if (read.ok) expect(() => PurgeRequest.encode(read.value).finish()).not.to.throw();
  }),
  target("other calls", hostileBytes(CALLS), (bytes) => {
    for (const { decode } of [ExplainRequest, ForgetRequest, ReloadRequest, PurgesRequest, WatchStatsRequest])
      expect(() => callReader("request", decode as (all: Uint8Array) => unknown)(bytes)).not.to.throw();
  }),
  target("bodies of purges by HTTP", hostileText(BODIES), (text) => {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      // Such a body is refused before it is read.
      return;
    }
    const read = readPurgeBody(body, undefined);
    if (read.ok) expect(() => PurgeRequest.encode(read.value.request).finish()).not.to.throw();
    else expect(read.message).to.match(/: must .*: got "/s);
  }),
  target("queries of pages", hostileText(QUERIES), (text) => {
    const read = readQuery(text, ["url"], ["field"]);
    if (read.ok) explainRequest(read.value);
  }),
  target("names of certificates", hostileText(NAMES), (text) => {
    for (const name of certificateNames(text)) {
      expect(text).to.match(new RegExp(`(DNS|URI|email):${RegExp.escape(name)}`, "i"));
      expect(name).not.to.match(/["\s,]/);
    }
  }),
  target("purge entries", hostileText(ENTRIES), (json) => {
    const content = decodeEntry([PURGE_FIELD, json]);
    if (content.kind !== "purge") return;
    const again = encodePurge(content.purge);
    if (again.kind === "refused") throw new Error(`what was read is refused: ${again.reason}`);
    expect(decodeEntry([PURGE_FIELD, again.text])).to.deep.equal(content);
  }),
  target("heartbeats", hostileText(BEATS), (json) => {
    const read = decodeHeartbeat(json);
    if (read.kind !== "heartbeat") return;
    expect(decodeHeartbeat(encodeHeartbeat(read.beat))).to.deep.equal(read);
  }),
  target("confirmations", hostileText(CONFIRMATIONS), (json) => {
    const read = decodeConfirmation(json);
    if (read.kind !== "confirmation") return;
    expect(decodeConfirmation(encodeConfirmation(read.confirmation))).to.deep.equal(read);
  }),
];
