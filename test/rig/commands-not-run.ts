/** How a command begins, and why no test gives it as the documentation has it. */
export const COMMANDS_NOT_RUN: ReadonlyMap<string, string> = new Map([
  ["npm test", "it is what runs this test"],
  ["npm install", "packaging/build.test.ts installs the package in an empty folder"],
  ["npm publish", "the package is published from nowhere"],
  ["npm run -s sbom", "packaging/sbom.test.ts makes it"],
  ["npx edgecache start", "packaging/build.test.ts starts it from the package"],
  ["node_modules/.bin/node", "packaging/build.test.ts starts it from the package"],
  ["cp packaging/systemd/", "it needs root; test/contracts/systemd-units.test.ts reads the units"],
  ["systemd-sysusers", "it needs root; test/contracts/systemd-units.test.ts reads the units"],
  ["systemctl", "it needs a system that systemd runs"],
  ["docker", "it needs Docker; test/contracts/container-image.test.ts and its neighbours read the files"],
  ["export EDGECACHE_TOKEN=$(openssl", "what follows it needs Docker"],
  ["export EDGE_ORIGIN", "what follows it needs Docker"],
  ["helm", "it needs a cluster; test/contracts/helm-chart.test.ts renders the chart"],
  ["grpcurl", "it comes with no package of npm; test/scenarios/control-plane-by-reflection.test.ts calls so"],
  [
    "curl --cacert",
    "it needs an edge with certificates; test/scenarios/certificates-guard-the-control-plane.test.ts has one",
  ],
  [
    "npx edgecache purge /a --edge",
    "it needs an edge with certificates; test/scenarios/certificates-guard-the-control-plane.test.ts has one",
  ],
  [
    "npm run router -- --redis redis://127.0.0.1:6379 --port 80",
    "it asks a public CA; test/scenarios/certificates-by-acme.test.ts runs a private one",
  ],
  [
    "npx edgecache edges forget",
    "edge-3 runs here; test/scenarios/admin-cli-purges-a-fleet.test.ts forgets one",
  ],
  [
    "npx edgecache reload",
    "the edges of npm start share a process; test/scenarios/sites-are-reloaded.test.ts has others",
  ],
  ["npx edgecache tail", "it ends when somebody ends it; admin-cli/commands/tail.test.ts ends it"],
  ["npx edgecache roll", "it needs ssh; test/scenarios/edges-are-upgraded-under-load.test.ts rolls a fleet"],
]);

/** Pages whose commands another test runs, in a system of their own. */
export const PAGES_RUN_ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["docs/recipes/purge-over-http.md", "test/scenarios/recipes-purge-over-http.test.ts"],
  ["docs/recipes/api-and-graphql.md", "test/scenarios/recipes.test.ts"],
  ["docs/recipes/canary.md", "test/scenarios/recipes.test.ts"],
  ["docs/recipes/several-sites.md", "test/scenarios/recipes.test.ts"],
  ["docs/recipes/signed-downloads.md", "test/scenarios/recipes.test.ts"],
  ["docs/recipes/single-page-app.md", "test/scenarios/recipes.test.ts"],
  ["docs/recipes/wordpress.md", "test/scenarios/recipes.test.ts"],
]);
