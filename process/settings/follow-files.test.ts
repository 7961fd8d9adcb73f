import { expect } from "chai";
import { Gate } from "../../test/rig/gate.ts";
import { SettingsFiles } from "./follow-files.ts";

describe("the files of the settings", () => {
  const texts = new Map<string, string>();
  const readFile = (path: string): string => {
    const text = texts.get(path);
    if (text === undefined) throw new Error(`ENOENT: ${path}`);
    return text;
  };

  it("have changed when one of them has another text, is gone or is back, and each time once", () => {
    texts.set("a", "1").set("b", "1").set("other", "1");
    const files = new SettingsFiles(readFile);
    expect([files.read("a"), files.read("b"), files.changed()]).to.deep.equal(["1", "1", false]);
    texts.set("other", "2");
    expect(files.changed()).to.equal(false);
    texts.set("b", "2");
    expect([files.changed(), files.changed()]).to.deep.equal([true, false]);
    texts.delete("a");
    expect([files.changed(), files.changed()]).to.deep.equal([true, false]);
    texts.set("a", "1");
    expect(files.changed()).to.equal(true);
  });

  it("are followed until it is told to stop", async () => {
    texts.set("a", "1");
    const files = new SettingsFiles(readFile);
    files.read("a");
    const [stop, acted] = [new AbortController(), new Gate()];
    let looks = 0;
    const clock = {
      wall: () => 0,
      monotonic: () => 0,
      wait: async () => {
        looks += 1;
        if (looks === 3) texts.set("a", "2");
        if (looks > 10) throw new Error("it looks on and does not see the change");
      },
    };
    await files.follow(clock, stop.signal, async () => {
      acted.open();
      stop.abort();
    });
    await acted.passed;
    expect(looks).to.equal(3);
  });
});
