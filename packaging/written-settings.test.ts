import { expect } from "chai";
import { z } from "zod";
import { setting } from "../process/settings/program.ts";
import { port } from "../process/settings/values.ts";
import { writtenSettings } from "./written-settings.ts";

describe("the written types of settings", () => {
  const settings = {
    adminPort: setting({ type: port, default: 9081, help: "The port of pages such as /a/*/b." }),
    sites: { schema: z.array(z.string()), help: "Of the file only." },
  };

  it("have each flag with its help, and no section of the file", () => {
    const program = { name: "node", usage: "", summary: "", settings };
    const text = writtenSettings(new Map([["NodeSettings", program]]));
    expect(text).not.to.contain("sites");
    expect(text).to.contain(
      [
        "export interface NodeSettings {",
        "  /** `--admin-port`: The port of pages such as /a/*\\/b. Is a whole number from 0 to 65535. Default: `9081`. */",
        "  readonly adminPort?: SettingValue;",
      ].join("\n"),
    );
  });
});
