import { Failure } from "../../process/failure.ts";
import type { Finding } from "../../process/finding.ts";
import { COMMON_OPTIONS, type Options, parseOptions, refusePositionals } from "../arguments.ts";
import type { Command } from "../command.ts";
import { CALL_MS } from "../deadline.ts";
import { type Diagnosis, diagnose, type Examined } from "../diagnosis.ts";
import { askFleet, fleetAccess } from "../fleet.ts";
import { portTrouble } from "../port-trial.ts";
import type { Proof } from "../proof.ts";
import { askFindings, routerAddress } from "../router-client.ts";
import { table } from "../table.ts";

const OPTIONS = {
  router: {
    type: "string",
    value: "host:port",
    help: "operator port of a router, to examine it too (EDGECACHE_ROUTER)",
  },
  ...COMMON_OPTIONS,
} as const satisfies Options;

export const doctorCommand: Command = {
  synopsis: "[options]",
  options: OPTIONS,
  examples: [
    ["", "the edges"],
    ["--router 127.0.0.1:8090", "and a router"],
  ],
  notes: [
    "Asks every edge, and the router that is named, what they find: certificates that have expired or will, do not fit\ntheir keys or are for no site; origins and a purge log that do not answer; settings of Redis that may lose purges;\na Node with known defects. Compares the edges: versions, sites, clocks. Connects to their data ports. Changes nothing.",
    "Exit codes: 0 no problem (there may be warnings); 1 a problem, or no edge answered.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("doctor", OPTIONS, argv);
    refusePositionals("doctor", positionals);
    const access = fleetAccess(values, env);
    const router = routerAddress(values.router, env.EDGECACHE_ROUTER);
    const outdated: string[] = [];
    const asked = await askFleet(
      access,
      async (client) => {
        const began = Date.now();
        const examined = await client.examine(CALL_MS);
        return { ...examined, clockOffByMs: examined.wallMs - (began + Date.now()) / 2 };
      },
      (problem) => outdated.push(problem),
    );
    const edges = await Promise.all(
      asked.map(
        async (heard): Promise<Examined> => ({
          name: heard.edge.edge,
          sites: heard.edge.sites,
          answer: heard.answer === undefined ? heard.failure.message : seen(heard.answer),
          dataPort: { address: heard.edge.httpAddress, trouble: await portTrouble(heard.edge.httpAddress) },
        }),
      ),
    );
    const routers = router === undefined ? [] : [await examineRouter(router, access.proof)];
    const diagnosis = diagnose(edges, routers, outdated);
    terminal.write(
      values.json
        ? `${JSON.stringify({ healthy: isHealthy(diagnosis), findings: diagnosis })}\n`
        : table(terminal, {}, diagnosis.length === 0 ? [ALL_WELL] : diagnosis.map(cells)),
    );
    return isHealthy(diagnosis) ? 0 : 1;
  },
};

const ALL_WELL = [{ text: "nothing found", colour: "green" }] as const;

function seen({
  findings,
  ...answer
}: {
  readonly version: string;
  readonly clockOffByMs: number;
  readonly findings: readonly { readonly severity: string; readonly about: string; readonly text: string }[];
}) {
  return {
    ...answer,
    // An edge of a later version may have more words.
    findings: findings.map(
      ({ severity, about, text }): Finding => ({
        severity: severity === "problem" ? "problem" : "warning",
        about,
        text,
      }),
    ),
  };
}

async function examineRouter(address: string, proof: Proof): Promise<Examined> {
  const name = `router ${address}`;
  const began = Date.now();
  try {
    const { version, wallMs, findings } = await askFindings(address, proof);
    const clockOffByMs = wallMs - (began + Date.now()) / 2;
    return { name, sites: "", answer: { version, clockOffByMs, findings } };
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return { name, sites: "", answer: thrown.message };
  }
}

function isHealthy(diagnosis: readonly Diagnosis[]): boolean {
  return diagnosis.every(({ severity }) => severity !== "problem");
}

function cells({ program, severity, about, text }: Diagnosis) {
  return [
    program,
    { text: severity, colour: severity === "problem" ? "red" : "yellow" },
    about,
    text,
  ] as const;
}
