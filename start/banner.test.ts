import { expect } from "chai";
import type { Edge } from "../edge/edge.ts";
import { banner } from "./banner.ts";
import { startConfig } from "./config.ts";

const at = (port: number) => ({ host: "127.0.0.1", port });
const nothing = async (): Promise<void> => undefined;

function told(https: Edge["https"], ...argv: string[]): string {
  const edge: Edge = {
    id: "edge-1",
    http: at(1),
    https: undefined,
    grpc: at(2),
    admin: at(3),
    reload: async () => ({ config: "", needsRestart: [] }),
    drain: nothing,
    stop: nothing,
  };
  const system = { edges: [edge], router: { http: at(4), https, admin: at(5) }, stop: nothing };
  return banner(system, startConfig({ argv, env: {}, readFile: () => "" }));
}

describe("the banner of npm start", () => {
  it("offers a page of the demo site to try, and of another origin only what every site has", () => {
    expect(told(undefined))
      .to.contain("curl -i http://127.0.0.1:4/hello.txt")
      .and.contain("purge /hello.txt");
    for (const origin of ["http://127.0.0.1:8000", "."]) {
      expect(told(undefined, "--origin", origin))
        .to.contain("curl -i http://127.0.0.1:4/\n")
        .and.contain("purge /\n");
    }
  });

  it("names the dashboard, and the lessons of the demo site", () => {
    expect(told(undefined))
      .to.contain("Dashboard:    http://127.0.0.1:5/\n")
      .and.contain("Lessons:      http://127.0.0.1:4/learn/\n");
    expect(told(undefined, "--origin", "http://127.0.0.1:8000")).to.not.contain("Lessons");
  });

  it("offers HTTPS when the router has it", () => {
    expect(told(at(6), "--tls")).to.contain("In a browser: https://localhost:6/ (HTTP/2;");
    expect(told(undefined)).to.contain("In a browser: http://127.0.0.1:4/").and.not.contain("https:");
  });
});
