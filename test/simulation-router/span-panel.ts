import { FIGURE_WIDTH, type Panel, pixels, svgText } from "./svg-figure.ts";

/** From `dot` to `end`: a mean and its 95th percentile. */
export interface Span {
  readonly colour: number;
  readonly dot: number;
  readonly end: number;
}

export interface SpanPanel {
  readonly xLabel: string;
  /** The x axis is logarithmic; both ends are powers of ten times 1, 2 or 5. */
  readonly from: number;
  readonly to: number;
  readonly rows: readonly { readonly title: string; readonly spans: readonly Span[] }[];
}

const LEFT = 150;
// Room for half of the last number.
const RIGHT = FIGURE_WIDTH - 30;
const SPAN_HEIGHT = 8;
const ROW_GAP = 12;
const TOP = 10;
const BELOW = 44;

/** Rows of spans on a logarithmic axis. */
export function spanPanel(panel: SpanPanel): Panel {
  const rowHeight = ROW_GAP + SPAN_HEIGHT * Math.max(...panel.rows.map(({ spans }) => spans.length));
  const bottom = TOP + rowHeight * panel.rows.length;
  return { height: bottom + BELOW, draw: () => draw(panel, rowHeight, bottom) };
}

function draw({ xLabel, from, to, rows }: SpanPanel, rowHeight: number, bottom: number): string {
  const x = (value: number) => {
    const inside = Math.min(Math.max(value, from), to);
    return LEFT + (Math.log(inside / from) / Math.log(to / from)) * (RIGHT - LEFT);
  };
  return [
    ...logarithmicTicks(from, to).map(
      (value) =>
        `<path class="grid" d="M${pixels(x(value))} ${TOP}V${bottom}"/>${svgText(x(value), bottom + 16, value.toLocaleString("en-US"), "faint", "middle")}`,
    ),
    `<path class="axis" d="M${LEFT} ${bottom}H${RIGHT}"/>`,
    svgText(RIGHT, bottom + 34, xLabel, "faint", "end"),
    ...rows.map(({ title, spans }, row) => {
      const y = TOP + row * rowHeight + ROW_GAP / 2;
      const middle = y + (spans.length * SPAN_HEIGHT) / 2 + 4;
      return [
        svgText(LEFT - 8, middle, title, "", "end"),
        ...spans.map((span, index) => drawSpan(span, x, y + (index + 0.5) * SPAN_HEIGHT)),
      ].join("\n");
    }),
  ].join("\n");
}

function drawSpan({ colour, dot, end }: Span, x: (value: number) => number, y: number): string {
  const [begin, stop, at] = [pixels(x(dot)), pixels(x(end)), pixels(y)];
  return `<g class="c${colour}"><path class="line" d="M${begin} ${at}H${stop}m0 -3v6"/><circle class="dot" cx="${begin}" cy="${at}" r="2.6"/></g>`;
}

function logarithmicTicks(from: number, to: number): number[] {
  const all: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(from)); power <= to; power *= 10) {
    for (const factor of [1, 2, 5]) all.push(factor * power);
  }
  return all.filter((value) => value >= from && value <= to);
}
