import { expect } from "chai";
import { retryAfterMs } from "../../http/acme/acme-refusal.ts";
import { entryOf, failed, parseLedger } from "../../http/acme/order-ledger.ts";
import { nextOrderAt } from "../../http/acme/renewal.ts";
import { certificateId } from "../../http/acme/renewal-info.ts";
import { hostileText } from "./hostile-text.ts";
import { type FuzzTarget, target } from "./target.ts";

const NOW = 1_800_000_000_000;

const LEDGERS = [
  '{"orders":[1795813090088],"hosts":{"a.example":{"failures":1,"notBefore":1795813390088,"underWay":true}}}',
  '{"orders":[],"hosts":{"a.example":{"failures":0,"notBefore":0,"renewal":{"of":"a.b","window":{"start":1,"end":2},"askAt":3}}}}',
];

const CERTIFICATES = [
  "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUEjRWeBI0VngSNFZ4EjRWeBI0VngwCgYIKoZIzj0EAwIw\n-----END CERTIFICATE-----\n",
];

export const acmeTargets: readonly FuzzTarget[] = [
  target("ledgers of orders", hostileText(LEDGERS), (text) => {
    const ledger = parseLedger(text, NOW);
    for (const host of ["a.example", "__proto__", "constructor"]) {
      expect(Object.getPrototypeOf(entryOf(ledger, host))).to.equal(Object.prototype);
      const { notBefore } = entryOf(failed(ledger, host, { now: NOW, askedMs: 0, unit: 0 }), host);
      expect(notBefore).to.be.within(NOW, NOW + 12 * 3_600_000);
    }
    expect(nextOrderAt(ledger.orders)).to.be.at.most(NOW + 3_600_000);
  }),
  target("times to retry at", hostileText(["120", "Thu, 01 Jan 2026 02:00:00 GMT"]), (text) => {
    const ms = retryAfterMs(text, NOW);
    expect(ms).to.be.at.least(0);
    expect(Number.isFinite(ms)).to.equal(true);
  }),
  target("identifiers of certificates", hostileText(CERTIFICATES), (text) => {
    expect(certificateId(text) ?? "a.b").to.match(/^[\w-]*\.[\w-]*$/);
  }),
];
