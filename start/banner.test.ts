import { expect } from "chai";
import type { Edge } from "../edge/edge.ts";
import { banner } from "./banner.ts";
import { startConfig } from "./config.ts";

const at = (port: number) => ({ host: "127.0.0.1", port });
const nothing = async (): Promise<void> => undefined;

function told(...argv: string[]): string {
  const edge: Edge = {
    id: "edge-1",
    http: at(1),
    https: undefined,
    grpc: at(2),
    admin: at(3),
    reload: () => undefined,
    drain: nothing,
    stop: nothing,
  };
  const system = { edges: [edge], router: { http: at(4), admin: at(5) }, stop: nothing };
  return banner(system, startConfig({ argv, env: {}, readFile: () => "" }));
}

describe("the banner of npm start", () => {
  it("offers a page of the demo site to try, and of another origin only what every site has", () => {
    expect(told()).to.contain("curl -i http://127.0.0.1:4/hello.txt").and.contain("purge /hello.txt");
    for (const origin of ["http://127.0.0.1:8000", "."]) {
      expect(told("--origin", origin)).to.contain("curl -i http://127.0.0.1:4/\n").and.contain("purge /\n");
    }
  });
});
