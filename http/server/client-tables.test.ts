import { expect } from "chai";
import fc from "fast-check";
import { clientTables, countedTogether, forgetClients } from "./client-tables.ts";

const THREADS = 3;
const CLIENTS = ["192.0.2.1", "192.0.2.2", "2001:db8:1:2::/64"] as const;

describe("the tables by which threads count clients together", () => {
  it("tell each thread what the others have, whatever is noted and whichever thread ends", () => {
    const step = fc.record({
      thread: fc.nat(THREADS - 1),
      client: fc.constantFrom(...CLIENTS),
      does: fc.constantFrom("add", "add", "remove", "end"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tables = clientTables(THREADS);
        const threads = Array.from({ length: THREADS }, (_, n) => countedTogether(tables, n).connections);
        const counts = threads.map(() => new Map<string, number>());
        for (const { thread, client, does } of steps) {
          const count = counts[thread]?.get(client) ?? 0;
          if (does === "end") {
            forgetClients(tables, thread);
            counts[thread]?.clear();
          } else if (does === "add" || count > 0) {
            const change = does === "add" ? 1 : -1;
            threads[thread]?.note(client, change);
            counts[thread]?.set(client, count + change);
          }
        }
        threads.forEach((thread, n) => {
          const others = counts.filter((_, other) => other !== n);
          const expected = CLIENTS.map((client) =>
            others.reduce((sum, clients) => sum + (clients.get(client) ?? 0), 0),
          );
          expect(CLIENTS.map((client) => thread.of(client))).to.deep.equal(expected);
          expect(thread.all).to.equal(expected.reduce((sum, count) => sum + count, 0));
        });
      }),
    );
  });

  it("never say too little, and seldom too much, when 6,000 clients are there", () => {
    const [own, other] = pair();
    for (let n = 0; n < 6_000; n += 1) other.note(`10.0.${n >> 8}.${n & 255}`, 1);
    const said = Array.from({ length: 6_000 }, (_, n) => own.of(`10.0.${n >> 8}.${n & 255}`));
    expect(Math.min(...said)).to.equal(1);
    expect(said.filter((count) => count > 1).length).to.be.below(60);
  });

  it("tell the others once of each wish", () => {
    const [own, other] = pair();
    other.wish();
    other.wish();
    expect([own.wishes(), own.wishes(), other.wishes()]).to.deep.equal([2, 0, 0]);
  });

  it("keep connections and requests apart", () => {
    const tables = clientTables(2);
    countedTogether(tables, 1).requests.note("192.0.2.1", 1);
    const { connections, requests } = countedTogether(tables, 0);
    expect([connections.of("192.0.2.1"), requests.of("192.0.2.1")]).to.deep.equal([0, 1]);
  });

  function pair() {
    const tables = clientTables(2);
    return [countedTogether(tables, 0).connections, countedTogether(tables, 1).connections] as const;
  }
});
