import { expect } from "chai";
import fc from "fast-check";
import { tokenCheck } from "../../edge/origin/site/token-check.ts";
import { isIncremental } from "../../edge/rules/incremental.ts";
import { NOTHING_SIGNED, SignedUrls } from "../../edge/rules/site/signed-urls.ts";
import { Fields } from "../../http/message/fields.ts";
import { parseTarget } from "../../http/message/request-target.ts";
import { readSigningKeys, type UrlClaim, urlToken } from "../../process/url-signature.ts";
import { hostileText } from "./hostile-text.ts";
import { type FuzzTarget, target } from "./target.ts";

const KEY = { id: "a", secret: "0123456789abcdef0123456789abcdef" };
const SETTINGS = { ...NOTHING_SIGNED.written, paths: ["/p/**"] };
const SIGNED = new SignedUrls(SETTINGS, tokenCheck([KEY], SETTINGS));

const claim = (scope: UrlClaim["scope"], text: string): string =>
  urlToken(KEY, { host: "h", expires: 2, scope, text });

const ONE = `/p/a?q=1&token=${claim("url", "/p/a?q=1")}`;
const BELOW = ["/p/v/1", "/p/v/%41?q=1&"].map((path) => {
  return `${path}${path.includes("?") ? "" : "?"}token=${claim("prefix", "/p/v/")}`;
});
const FILES = [`# keys\n${KEY.id} ${KEY.secret}\r\nb\t${KEY.secret}\n`];

export const signedUrlTargets: readonly FuzzTarget[] = [
  target("signed URLs", hostileText([ONE]), (text) => {
    const asked = parseTarget(text);
    if (typeof asked === "string") return;
    const opened = SIGNED.opened("h", asked.path, 1_000);
    if (opened.kind === "open") expect(opened.target).to.equal("/p/a?q=1");
  }),
  target("signed prefixes", hostileText(BELOW), (text) => {
    const asked = parseTarget(text);
    if (typeof asked === "string") return;
    const opened = SIGNED.opened("h", asked.path, 1_000);
    if (opened.kind === "refused") return;
    expect(new URL(opened.target, "http://h").pathname).to.match(/^\/p\/v\//);
    expect(SIGNED.needsToken(opened.target)).to.equal(true);
  }),
  target("files of signing keys", hostileText(FILES), (text) => {
    const keys = readSigningKeys(text);
    if (typeof keys === "string") expect(keys).not.to.include(KEY.secret);
    else for (const { secret } of keys) expect(secret.length).to.be.at.least(32);
  }),
  target("Incremental", fc.array(hostileText(["?1", "?1;a=b"]), { maxLength: 2 }), (values) => {
    expect(isIncremental(Fields.of(values.map((value) => ["Incremental", value])))).to.be.a("boolean");
  }),
];
