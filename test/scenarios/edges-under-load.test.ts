import { RoutedSystem } from "../rig/routed-system.ts";
import { edgeFreezes } from "./edges-under-load/an-edge-that-freezes.ts";
import { edgeSpeaksRubbish } from "./edges-under-load/an-edge-that-speaks-rubbish.ts";
import { edgesAreKilled } from "./edges-under-load/edges-that-are-killed.ts";
import { edgesJoinAndLeave } from "./edges-under-load/edges-that-join-and-leave.ts";
import { edgesMove } from "./edges-under-load/edges-that-move.ts";
import { edgesRestart } from "./edges-under-load/edges-that-restart.ts";

// Five programs are started, each a second on an idle machine.
const START_WITHIN_MS = 60_000;

describe("three edges behind a router, under a load of which every answer is compared", () => {
  let system: RoutedSystem | undefined;
  before(async () => {
    system = await RoutedSystem.start();
  }).timeout(START_WITHIN_MS);
  after(() => system?.close());

  // Each scenario gets it whole: starting it anew for each would take longer than all that they show.
  const whole = async () => {
    if (system === undefined) throw new Error("the system did not start");
    await system.mend();
    return system;
  };
  edgesAreKilled(whole);
  edgeFreezes(whole);
  edgesRestart(whole);
  edgesJoinAndLeave(whole);
  edgeSpeaksRubbish(whole);
  edgesMove(whole);
});
