import { expect } from "chai";
import { z } from "zod";
import { helpText, settingsTable } from "./help.ts";
import { setting } from "./program.ts";
import { redisUrl } from "./redis-url.ts";
import { choice, duration, flag, listOf, port, text } from "./values.ts";

const program = {
  name: "node",
  usage: "npm run node --",
  summary: "A node.",
  settings: {
    id: setting({ type: text("a name", /^[a-z0-9]+$/), default: "one", help: "Its name." }),
    grpcPort: setting({ type: port, default: 50051, help: "Control port." }),
    ttl: setting({ type: duration(0, 60_000), default: 5000, help: "Freshness." }),
    latencies: setting({ type: listOf(duration(0, 1000)), help: "Delays." }),
    redis: setting({ type: redisUrl, help: "The log." }),
    color: setting({ type: choice("red", "a|b"), help: "Colour." }),
    verbose: setting({ type: flag, help: "Says more." }),
    sites: { schema: z.array(z.strictObject({ name: z.string() })), help: "Sites." },
  },
} as const;

describe("the help of a program", () => {
  it("name every flag with variable, default and rule in --help", () => {
    expect(helpText(program)).to.contain("usage: npm run node -- [flags]");
    expect(helpText(program)).to.contain("--grpc-port <port>  (NODE_GRPC_PORT; default 50051)");
  });

  it("have one row a setting in the Markdown table, with vertical bars escaped", () => {
    const lines = settingsTable(program).split("\n");
    expect(lines).to.have.length(2 + Object.keys(program.settings).length + 1);
    expect(lines).to.include("| `--verbose` | `NODE_VERBOSE` | – | true or false | Says more. |");
    expect(lines.find((line) => line.includes("--color"))).to.contain("a\\|b");
  });
});
