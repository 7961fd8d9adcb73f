// For container health checks: node start/ask-health.ts http://127.0.0.1:9081/readyz
// Exits with 0 when the URL answers 2xx in time, else with 1.
import { once } from "node:events";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { text } from "node:stream/consumers";
import { describeError } from "../process/failure.ts";

// Within the timeout of 3 s that docker-compose.yml gives the check.
const PATIENCE_MS = 2500;

const url = process.argv[2] ?? "";
try {
  const options = { agent: false, signal: AbortSignal.timeout(PATIENCE_MS) };
  const request = url.startsWith("https:")
    ? // The port of a program of this container, whose certificate is for the names that others know.
      requestHttps(url, { ...options, rejectUnauthorized: false })
    : requestHttp(url, options);
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const said = await text(response);
  const { statusCode = 0 } = response;
  if (statusCode < 200 || statusCode > 299) throw new Error(`${statusCode} ${said}`);
} catch (thrown) {
  process.stderr.write(`${url}: ${describeError(thrown)}\n`);
  process.exitCode = 1;
}
