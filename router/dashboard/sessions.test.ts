import { expect } from "chai";
import { MOST_SESSIONS, SESSION_MS, Sessions } from "./sessions.ts";

describe("a session of the dashboard", () => {
  let now: number;
  let sessions: Sessions;

  beforeEach(() => {
    now = 0;
    sessions = new Sessions({ monotonic: () => now });
  });

  it("has the right that it began with, until it ends", () => {
    const [reading, full] = [sessions.begin("read"), sessions.begin("purge")];
    expect([sessions.rightOf(reading), sessions.rightOf(full), sessions.rightOf("")]).to.deep.equal([
      "read",
      "purge",
      "none",
    ]);
    sessions.end(full);
    expect([sessions.rightOf(reading), sessions.rightOf(full)]).to.deep.equal(["read", "none"]);
  });

  it("ends by itself after its time, and is then forgotten", () => {
    const id = sessions.begin("purge");
    now = SESSION_MS - 1;
    expect(sessions.rightOf(id)).to.equal("purge");
    now = SESSION_MS;
    expect(sessions.rightOf(id)).to.equal("none");
    sessions.begin("read");
    expect(sessions.size).to.equal(1);
  });

  it("has an id of 256 random bits", () => {
    const ids = Array.from({ length: 50 }, () => sessions.begin("read"));
    expect(new Set(ids).size).to.equal(50);
    for (const id of ids) expect(id).to.match(/^[\w-]{43}$/);
  });

  it("gives way, the oldest first, when there are too many", () => {
    const ids = Array.from({ length: MOST_SESSIONS }, () => sessions.begin("read"));
    expect(sessions.rightOf(ids[0] ?? "")).to.equal("read");
    sessions.begin("read");
    expect(sessions.size).to.equal(MOST_SESSIONS);
    expect([sessions.rightOf(ids[0] ?? ""), sessions.rightOf(ids[1] ?? "")]).to.deep.equal(["none", "read"]);
  });
});
