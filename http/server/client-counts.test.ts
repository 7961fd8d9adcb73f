import { expect } from "chai";
import fc from "fast-check";
import { ClientCounts } from "./client-counts.ts";

describe("counts of clients", () => {
  it("know each client's own and one of the largest, whatever is added and removed", () => {
    const step = fc.record({ client: fc.constantFrom("a", "b", "c"), adds: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const counts = new ClientCounts();
        const expected = new Map([
          ["a", 0],
          ["b", 0],
          ["c", 0],
        ]);
        for (const { client, adds } of steps) {
          const now = expected.get(client) ?? 0;
          expected.set(client, adds ? now + 1 : Math.max(0, now - 1));
          if (adds) counts.add(client);
          else counts.remove(client);
          for (const [each, count] of expected) expect(counts.of(each)).to.equal(count);
          const most = Math.max(...expected.values());
          const { largest } = counts;
          expect(largest === undefined ? 0 : expected.get(largest)).to.equal(most);
        }
      }),
    );
  });
});
