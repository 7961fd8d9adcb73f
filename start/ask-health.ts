// For container health checks: node start/ask-health.ts http://127.0.0.1:9081/readyz
// Exits with 0 when the URL answers 2xx in time, else with 1.
import { describeError } from "../process/failure.ts";

// Within the timeout of 3 s that docker-compose.yml gives the check.
const PATIENCE_MS = 2500;

const url = process.argv[2] ?? "";
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
} catch (thrown) {
  process.stderr.write(`${url}: ${describeError(thrown)}\n`);
  process.exitCode = 1;
}
