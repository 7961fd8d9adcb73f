import type { History, Publication, Step } from "./history.ts";

/** A history for a person to read, one step a line. */
export function historyText({ leaseMs, publications, steps }: History): string {
  const lines = [`lease ${leaseMs} ms`, ...publications.map(publicationText), ...steps.map(stepText)];
  return lines.map((line, index) => `${String(index).padStart(4)}  ${line}`).join("\n");
}

function stepText(step: Step): string {
  switch (step.kind) {
    case "publish":
      return publicationText(step.publication);
    case "ask": {
      const { method, target, fields, condition } = step.asking;
      const lines = fields.map(([name, value]) => `, ${name}: ${value}`).join("");
      return `ask ${method} ${target}${lines}${condition === undefined ? "" : `, ${condition} as seen`}`;
    }
    case "wait":
      return `wait ${step.ms} ms`;
    case "purge":
      return `purge ${JSON.stringify(step.scope)}${step.soft ? " softly" : ""}`;
    case "origin":
      return `the origin is ${step.state}`;
    case "hold":
      return `hold the origin's ${step.at}`;
    case "release":
      return "release the origin";
    case "log":
      return step.reached ? "reach the purge log" : "lose the purge log";
  }
}

const DEFAULTS = new Map([
  ["control", ""],
  ["padding", "0"],
  ["date", "0"],
]);

function publicationText({ target, status, unchanged, ...rest }: Publication): string {
  const date = rest.date === undefined ? "no date, " : "";
  const said = Object.entries(rest).filter(
    ([name, value]) => value !== undefined && value !== false && !(DEFAULTS.get(name) === String(value)),
  );
  const parts = said.map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `publish ${target} ${unchanged ? "unchanged" : status}: ${date}${parts.join(", ")}`;
}
