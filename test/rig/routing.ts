import { stopAfterEach } from "./fetching.ts";
import { RawOrigin, type RawReply } from "./raw-origin.ts";
import { type EdgeBehaviour, RoutedEdge } from "./routed-edge.ts";
import { startTestRouter, type TestRouter } from "./test-router.ts";

/** An edge whose data plane speaks raw bytes. */
export interface RawEdge {
  readonly edge: RoutedEdge;
  readonly data: RawOrigin;
}

export interface Routing {
  edge(id: string, does?: Partial<EdgeBehaviour>): Promise<RoutedEdge>;
  rawEdge(id: string, reply: RawReply | string, does?: Partial<EdgeBehaviour>): Promise<RawEdge>;
  router(...args: Parameters<typeof startTestRouter>): Promise<TestRouter>;
}

/** Inside a `describe`: makes edges and routers that end with the test. */
export function routing(): Routing {
  const stopLater = stopAfterEach();
  const edge = async (id: string, does: Partial<EdgeBehaviour> = {}) => {
    const started = await RoutedEdge.start(id, does);
    stopLater(() => started.stop());
    return started;
  };
  return {
    edge,
    async rawEdge(id, reply, does = {}) {
      const data = await RawOrigin.start(typeof reply === "string" ? (socket) => socket.write(reply) : reply);
      stopLater(() => data.stop());
      const ping = { httpPort: Number(data.url.port), ...does.ping };
      return { edge: await edge(id, { ...does, ping }), data };
    },
    async router(...args) {
      const started = await startTestRouter(...args);
      stopLater(() => started.running.stop());
      return started;
    },
  };
}
