import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createPlain, request as plainRequest, type Server } from "node:http";
import { createServer as createSecure, request as secureRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import express, { type Express } from "express";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

const pem = (what: "cert" | "key") =>
  readFileSync(new URL(`../rig/self-signed-test-only.${what}.pem`, import.meta.url), "utf8");

/** What such applications do: they force HTTPS, build absolute links and redirects, and serve virtual hosts. */
function application(): Express {
  const app = express();
  app.set("trust proxy", true);
  app.disable("x-powered-by");
  app.use((request, response, next) => {
    response.set("Cache-Control", "max-age=60");
    if (request.secure) next();
    else response.redirect(301, `https://${request.hostname}${request.originalUrl}`);
  });
  app.get("/", (request, response) => {
    response.send(`<link rel="canonical" href="${request.protocol}://${request.host}/">`);
  });
  app.get("/docs", (request, response) => response.redirect(`${request.protocol}://${request.host}/docs/`));
  app.get("/vhost", (request, response) => response.send(request.get("Host")));
  return app;
}

interface Answer {
  readonly status: number | undefined;
  readonly location: string | undefined;
  readonly cache: string | undefined;
  readonly text: string;
}

describe("an application that forces HTTPS, behind an edge behind a proxy that ends TLS", () => {
  let origin: Server;
  let proxy: Server;
  let edge: TestEdge;

  beforeEach(async () => {
    origin = createPlain(application());
    edge = await startTestEdge(new URL(`http://127.0.0.1:${await port(origin)}`));
    // What nginx, Caddy and HAProxy do: the client's Host as it is, and the scheme in X-Forwarded-Proto.
    proxy = createSecure({ cert: pem("cert"), key: pem("key") }, (request, response) => {
      const headers = { ...request.headers, "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.7" };
      const { url: path, method } = request;
      const passed = plainRequest(edge.url, { path, method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(passed);
    });
    await port(proxy);
  });

  afterEach(async () => {
    await edge.stop();
    for (const server of [proxy, origin]) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function port(server: Server): Promise<number> {
    if (!server.listening) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
    return (server.address() as AddressInfo).port;
  }

  async function ask(
    secure: boolean,
    host: string,
    path: string,
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const headers = { Host: host, ...more };
    const request = secure
      ? secureRequest({ port: await port(proxy), path, headers, rejectUnauthorized: false })
      : plainRequest(edge.url, { path, headers });
    request.end();
    const [answer] = await once(request, "response");
    let text = "";
    for await (const chunk of answer) text += chunk;
    const { location, "x-cache": cache } = answer.headers;
    return { status: answer.statusCode, location, cache, text };
  }

  it("is served, stored, and builds its links for the client's host", async () => {
    const page = '<link rel="canonical" href="https://shop.example/">';
    expect(await ask(true, "shop.example", "/")).to.include({ status: 200, text: page, cache: "MISS" });
    expect(await ask(true, "shop.example", "/")).to.include({ status: 200, text: page, cache: "HIT" });
  });

  it("redirects to the client's host, never to where the origin is", async () => {
    expect(await ask(true, "shop.example", "/docs")).to.include({
      status: 302,
      location: "https://shop.example/docs/",
    });
  });

  it("sends a client of plain HTTP to HTTPS, and no client of HTTPS", async () => {
    const redirect = { status: 301, location: "https://shop.example/" };
    // The answer for one scheme is not given to clients of the other, whichever comes first.
    expect(await ask(false, "shop.example", "/")).to.include(redirect);
    expect(await ask(true, "shop.example", "/")).to.include({ status: 200, cache: "MISS" });
    expect(await ask(false, "shop.example", "/")).to.include({ ...redirect, cache: "HIT" });
  });

  it("serves each virtual host its own pages", async () => {
    for (const host of ["a.example", "b.example", "a.example:8443"]) {
      expect(await ask(true, host, "/vhost")).to.include({ text: host, cache: "MISS" });
    }
    for (const host of ["a.example", "b.example", "A.Example:443"]) {
      expect(await ask(true, host, "/vhost")).to.include({
        text: host.toLowerCase().replace(":443", ""),
        cache: "HIT",
      });
    }
  });

  it("takes the word of a trusted proxy for the host that the client asked for", async () => {
    const answer = await ask(false, "edge-1.internal", "/vhost", {
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "shop.example",
    });
    expect(answer.text).to.equal("shop.example");
  });
});
