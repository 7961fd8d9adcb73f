import { expect } from "chai";
import fc from "fast-check";
import { edgeConfig } from "../../edge/config.ts";
import { Failure } from "../../process/failure.ts";
import { parseSettingsFile } from "../../process/settings/file.ts";
import { routerConfig } from "../../router/config.ts";
import { hostileText } from "./hostile-text.ts";
import { type FuzzTarget, target } from "./target.ts";

const FILES = [
  "id: edge-1\nport: 8081\nmemory: 256MiB\nlease: 2s\norigin: http://127.0.0.1:8000\n",
  "sites:\n  - name: shop\n    hosts: [shop.example, www.shop.example]\n    origin: http://127.0.0.1:8000\n  - name: other\n    origin: http://[::1]:1\n",
  "origin: http://a\nrules:\n  - {match: {path: [/a/**, '/*.css'], header: {x: '*'}}, ttl: {override: 1m}}\n  - {key: {query: {ignore: [tracking]}, accept: webp}, redirect: '/{rest}'}\n",
  "edges: [127.0.0.1:50051, 127.0.0.1:50052]\nmode: redirect\n",
];

const FLAGS = ["--port=8081", "--memory=256MiB", "--lease=2s", "--origin=http://a", "--trusted-proxies=::1"];

// A file is parsed three times, and each of its values is checked against the whole table of a program.
const COST = 20;

/** Whatever is wrong with settings is told as a Failure that says so, in lines that fit a terminal. */
function refusesPlainly(read: () => unknown): void {
  try {
    read();
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    expect(thrown.message).to.not.equal("");
  }
}

export const settingsTargets: readonly FuzzTarget[] = [
  target(
    "settings files",
    hostileText(FILES),
    (text) => {
      refusesPlainly(() => {
        const values = parseSettingsFile("edge.yaml", text);
        expect(Object.getPrototypeOf(values)).to.equal(Object.prototype);
        expect(Object.hasOwn(values, "__proto__")).to.equal(false);
      });
      for (const read of [edgeConfig, routerConfig])
        refusesPlainly(() => read({ argv: ["--config=edge.yaml"], env: {}, readFile: () => text }));
      expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
    },
    COST,
  ),
  target("flags", fc.array(hostileText(FLAGS), { maxLength: 4 }), (argv) => {
    const env = { EDGE_ORIGIN: "http://a", ROUTER_EDGES: "127.0.0.1:50051" };
    const readFile = () => {
      throw new Error("no such file");
    };
    for (const read of [edgeConfig, routerConfig]) refusesPlainly(() => read({ argv, env, readFile }));
  }),
];
