import type { Fields } from "./fields.ts";

// Servers and frameworks believe these fields when a proxy sends them, so a client that sends them forges. They are not
// in the cache key either: one client's copy could choose what the next client gets.
const FORGEABLE: ReadonlySet<string> = new Set([
  "base-url",
  "client-ip",
  // By it an edge says that it asks in place of its own clients.
  "edgecache-peer",
  "forwarded",
  "front-end-https",
  "http-host",
  "http-url",
  // CGI makes the variable HTTP_PROXY of it, by which programs choose a proxy.
  "proxy",
  "proxy-host",
  "proxy-url",
  "remote-addr",
  "remote-user",
  "request-uri",
  "true-client-ip",
  "x-backend-host",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-forward-for",
  "x-forward-proto",
  "x-forwarded",
  "x-forwarder-for",
  "x-front-end-https",
  "x-host",
  "x-matched-path",
  "x-method",
  "x-method-override",
  "x-originating-ip",
  "x-originating-url",
  "x-protocol",
  "x-proxy-host",
  "x-proxy-url",
  "x-scheme",
  "x-sendfile",
  "x-server-name",
  "x-uri",
  "x-url",
  "x-url-scheme",
]);

/** Families: what a proxy, a CDN or a front-end server adds, each under the names of its own. */
const FAMILIES =
  /^(?:forwarded-|x-forwarded-|x-original-|x-rewrite-|x-real-|x-http-|x-accel-|x-envoy-|x-middleware-|x-invoke-|x-remote-|x-auth-request-|x-webauth-|x-ssl-|ssl-client-|x-client-cert|x-client-verify|x-appengine-|x-vercel-|x-now-|x-arr-|x-azure-|x-ms-client-principal|x-amzn-oidc-|cf-|cloudfront-|fastly-|fly-|akamai-)/;

/** Whether a server may believe that the proxy said it. `name` in lower case. */
export function isForgeable(name: string): boolean {
  return FORGEABLE.has(name) || FAMILIES.test(name);
}

/** The fields that a client may send to a server behind a proxy. The proxy adds those that it vouches for. */
export function withoutForgeable(fields: Fields): Fields {
  return fields.without([...fields.names()].filter(isForgeable));
}
