import { FIGURE_WIDTH, type Panel, pixels, svgText } from "./svg-figure.ts";

export interface Line {
  readonly colour: number;
  /** y is undefined where there was nothing to measure. */
  readonly points: readonly (readonly [x: number, y: number | undefined])[];
}

export interface LinePanel {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xTo: number;
  /** What is above it is cut off at the upper edge. */
  readonly yTo: number;
  readonly lines: readonly Line[];
  /** Moments with a name. */
  readonly marks: readonly { readonly x: number; readonly text: string }[];
}

const PLOT = { left: 64, right: FIGURE_WIDTH - 16, top: 40, bottom: 190 };
const HEIGHT = 240;

/** Lines over time, with axes from 0. */
export function linePanel(panel: LinePanel): Panel {
  return { height: HEIGHT, draw: () => draw(panel) };
}

function draw({ title, xLabel, yLabel, xTo, yTo, lines, marks }: LinePanel): string {
  const { left, right, top, bottom } = PLOT;
  const x = (value: number) => left + (value / xTo) * (right - left);
  const y = (value: number) => bottom - (Math.min(value, yTo) / yTo) * (bottom - top);
  return [
    svgText(16, 16, title),
    svgText(16, 32, yLabel, "faint"),
    svgText(right, bottom + 34, xLabel, "faint", "end"),
    ...ticks(yTo).map(
      (value) =>
        `<path class="grid" d="M${left} ${pixels(y(value))}H${right}"/>${svgText(left - 6, y(value) + 4, String(value), "faint", "end")}`,
    ),
    ...ticks(xTo).map((value) => svgText(x(value), bottom + 17, String(value), "faint", "middle")),
    `<path class="axis" d="M${left} ${bottom}H${right}"/>`,
    ...marks.map(
      (mark) =>
        `<path class="mark" d="M${pixels(x(mark.x))} ${top}V${bottom}"/>${svgText(x(mark.x) + 4, top - 6, mark.text, "faint")}`,
    ),
    ...lines.map(({ colour, points }) => `<path class="line c${colour}" d="${path(points, x, y)}"/>`),
  ].join("\n");
}

/** A line is broken where there was nothing to measure. */
function path(points: Line["points"], x: (value: number) => number, y: (value: number) => number): string {
  let command = "M";
  return points
    .map(([at, value]) => {
      if (value === undefined) {
        command = "M";
        return "";
      }
      const step = `${command}${pixels(x(at))} ${pixels(y(value))}`;
      command = "L";
      return step;
    })
    .join("");
}

/** Round numbers from 0 to `to`, some six of them. */
function ticks(to: number): number[] {
  const rough = to / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  // Counted in steps: sums of 0.2 are not round.
  return Array.from({ length: Math.floor(to / step + 1e-9) + 1 }, (_, index) =>
    Number((index * step).toPrecision(6)),
  );
}
