import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect } from "chai";
import { type Clock, systemClock } from "../../process/clock.ts";
import { RoutedEdge } from "../../test/rig/routed-edge.ts";
import { EdgeChannel } from "./edge-channel.ts";

describe("an edge's channel", () => {
  it("is rebuilt when the peer takes TCP connections but never speaks HTTP/2", async () => {
    const connections: Socket[] = [];
    const mute = createServer((socket) => connections.push(socket.on("error", () => socket.destroy())));
    mute.listen(0, "127.0.0.1");
    await once(mute, "listening");
    let now = 0;
    const clock: Clock = { ...systemClock, monotonic: () => now };
    const { port } = mute.address() as AddressInfo;
    const channel = new EdgeChannel(`127.0.0.1:${port}`, clock);
    const failed: string[] = [];
    const ping = () => channel.ping().catch((thrown: unknown) => failed.push(String(thrown)));
    const pings = [ping()];
    await once(mute, "connection");
    now = 3000;
    pings.push(ping());
    expect(connections).to.have.length(1);
    now = 3001;
    const again = once(mute, "connection");
    pings.push(ping());
    await again;
    channel.close();
    for (const socket of connections) socket.destroy();
    mute.close();
    await Promise.all(pings);
    expect(failed).to.have.length(3);
  });

  it("refuses an answer larger than any edge would send", async () => {
    const edge = await RoutedEdge.start("edge-1", { ping: { publicUrl: `http://a/${"x".repeat(70_000)}` } });
    const channel = new EdgeChannel(edge.grpcAddress, systemClock);
    const outcome = await channel.ping().catch(String);
    channel.close();
    await edge.stop();
    expect(outcome).to.contain("RESOURCE_EXHAUSTED");
  });
});
