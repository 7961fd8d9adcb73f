import type { Case } from "./case.ts";
import { Harness, PROTOCOLS } from "./harness.ts";
import { TOPICS } from "./topics.ts";

/**
 * `node test/conformance/report.ts [http/1.1 | https/1.1 | h2]`: how many cases of each kind pass, and in one line each
 * what the others do.
 */
async function report(): Promise<string> {
  const harness = await Harness.start(PROTOCOLS.find((name) => name === process.argv[2]));
  const passed = { required: 0, optimal: 0, check: 0, ours: 0 };
  const total = { required: 0, optimal: 0, check: 0, ours: 0 };
  const failing: string[] = [];
  for (const [topic, cases] of TOPICS) {
    for (const each of cases) {
      const found = await harness.run(each);
      total[each.kind] += 1;
      if (found === undefined) passed[each.kind] += 1;
      else failing.push(line(topic, each, found));
    }
  }
  await harness.stop();
  const counts = (["required", "optimal", "check", "ours"] as const).map(
    (kind) => `${kind} ${passed[kind]}/${total[kind]}`,
  );
  return [...failing, counts.join(", ")].join("\n");
}

function line(topic: string, { kind, id }: Case, found: string): string {
  return `${topic}: ${id} (${kind}): ${found}`;
}

process.stdout.write(`${await report()}\n`);
