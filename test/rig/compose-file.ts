import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const root = resolve(import.meta.dirname, "../..");

const service = z.object({
  image: z.string(),
  command: z.array(z.string()),
  hostname: z.string().optional(),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  read_only: z.boolean().default(false),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }),
});

export type Service = z.infer<typeof service>;

/**
 * The services of docker-compose.yml by name; throws when one lacks what every service must have. `variables` stand
 * for those that the file requires of whoever starts it.
 */
export function readComposeFile(variables: Readonly<Record<string, string>>): ReadonlyMap<string, Service> {
  const text = readFileSync(resolve(root, "docker-compose.yml"), "utf8").replace(
    /\$\{(\w+):([?-])([^}]+)\}/g,
    (_, name: string, otherwise: string, words: string) => {
      const value = variables[name];
      if (value !== undefined) return value;
      if (otherwise === "?") throw new Error(`docker-compose.yml: ${name} must be given`);
      return words;
    },
  );
  const file = z.object({ services: z.record(z.string(), service) }).parse(parse(text, { merge: true }));
  return new Map(Object.entries(file.services));
}

/** One service as a process of this machine: what the container engine would run, its places rewritten. */
export interface LocalService {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Succeeds once the service is healthy. */
  readonly healthCheck: readonly string[];
  readonly address: string;
}

/**
 * Rewrites places only: each service's name becomes a loopback address of its own, so that every port stays as
 * the file says; "every address" becomes that one; mounted folders become what is mounted.
 * `network` is the first three numbers of the addresses.
 */
export function onLoopback(
  services: ReadonlyMap<string, Service>,
  network: string,
): ReadonlyMap<string, LocalService> {
  const addresses = new Map([...services.keys()].map((name, i) => [name, `${network}.${i + 2}`]));
  const local = new Map<string, LocalService>();
  for (const [name, { command, environment, volumes, healthcheck }] of services) {
    const own = addresses.get(name) ?? "";
    const mounts = volumes.map((volume) => volume.split(":"));
    const rewrite = (text: string): string => {
      const mount = mounts.find(([, inside]) => inside === text);
      if (mount?.[0]?.startsWith(".")) return resolve(root, mount[0]);
      let rewritten = text.replace(/(?<![\d.])(0\.0\.0\.0|127\.0\.0\.1)(?![\d.])/g, own);
      for (const [other, address] of addresses) {
        rewritten = rewritten.replace(new RegExp(`^${other}$|(?<=//|@)${other}(?=[:/]|$)`, "g"), address);
      }
      return rewritten;
    };
    local.set(name, {
      // The program's own name stays: "redis" is also a service.
      command: [command[0] ?? "", ...command.slice(1).map(rewrite)],
      environment: Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [
          key,
          // An id names the edge, not a place.
          key.endsWith("_ID") ? value : rewrite(value),
        ]),
      ),
      healthCheck: healthcheck.test.slice(1).map(rewrite),
      address: own,
    });
  }
  return local;
}
