import { bytes, type ValueType } from "../../../process/settings/values.ts";
import type { SliceSize } from "../../rules/site/site-rule.ts";

// Smaller ones cost more requests than they save bytes. A larger one is more than a range of a film needs, and each reader
// may have two in memory.
const size = bytes(64 * 1024, 16 * 1024 * 1024);

export const sliceSize: ValueType<SliceSize> = {
  name: "size|off",
  rule: `off, or ${size.rule.replace(/, such as .*/, ", such as 256KiB or 1MiB")}`,
  parse: (value) => (value === "off" ? "off" : size.parse(value)),
  format: (value) => (value === "off" ? "off" : size.format(value)),
};
