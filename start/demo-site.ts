import type { HostPolicy } from "../edge/origin/host-policy.ts";
import { ruleBook } from "../edge/origin/site/rule-schema.ts";
import type { Site } from "../edge/origin/sites.ts";
import type { SiteRule } from "../edge/rules/site/site-rule.ts";
import type { SiteRules } from "../edge/rules/site-rules.ts";

/** What made-up visitors ask for, the most wanted first. */
export const DEMO_PATHS: readonly string[] = [
  "/hello.txt",
  "/demo/page",
  "/style.css",
  "/app.js",
  "/data.json",
  "/logo.svg",
  "/photo.png",
  "/demo/news",
  "/demo/slow",
  "/about/",
  "/demo/account",
  "/none",
];

// Its keys are without the host, as those of a directory are: a file is the same at every port.
const OWN_HOST: HostPolicy = { kind: "origin" };

/** The demo site: files, and `application` behind those of its buttons that need more. */
export function demoSite(files: Site, rules: SiteRules, application: URL): Site {
  const written: readonly SiteRule[] = [
    ...rules.book.written,
    { name: "demo", match: { path: ["/demo/**"] }, origin: "demo" },
    { name: "demo-pass", match: { path: ["/demo/pass", "/demo/view"] }, bypass: true },
  ];
  return {
    ...files,
    host: OWN_HOST,
    origins: { demo: { kind: "http", url: application } },
    rules: { ...rules, book: ruleBook(written) },
  };
}
