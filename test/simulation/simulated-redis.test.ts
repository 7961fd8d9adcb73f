import { expect } from "chai";
import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { RedisTwins } from "./redis-twins.ts";

// TWIN_SEQUENCES=100 compares more.
const SEQUENCES = Number(process.env.TWIN_SEQUENCES ?? 6);
const STEPS = 60;

describe("the simulated Redis", () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedisServer();
  });
  after(() => server.close());

  for (let seed = 1; seed <= SEQUENCES; seed += 1) {
    it(`answers and holds what a real one does with our scripts, in random sequence ${seed}`, async function () {
      this.timeout(60_000);
      await server.command("FLUSHALL");
      const twins = new RedisTwins(server, new SeededRandom(seed));
      await twins.start();
      const done: string[] = [];
      try {
        for (let i = 0; i < STEPS; i += 1) {
          const [name, real, simulated] = await twins.step();
          done.push(name);
          const story = done.slice(-6).join(", then ");
          expect(simulated, story).to.deep.equal(real);
          const [realHeld, simulatedHeld] = await twins.held();
          expect(simulatedHeld, story).to.deep.equal(realHeld);
        }
      } finally {
        await twins.close();
      }
    });
  }
});
