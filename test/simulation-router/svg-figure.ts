/** A part of a figure: `draw` gives its elements for an area whose upper left corner is 0, 0. */
export interface Panel {
  readonly height: number;
  draw(): string;
}

export interface Figure {
  readonly title: string;
  /** What one sees, for those who do not see it. */
  readonly description: string;
  readonly legend: readonly LegendEntry[];
  readonly panels: readonly Panel[];
}

export interface LegendEntry {
  readonly text: string;
  /** Which of the colours. */
  readonly colour: number;
}

export const FIGURE_WIDTH = 760;
const TITLE_HEIGHT = 30;
const LEGEND_HEIGHT = 24;

// Told apart by those who see no red or green (Okabe and Ito 2008), darker on white and lighter on black.
const COLOURS = [
  { onLight: "#0072b2", onDark: "#56b4e9" },
  { onLight: "#c2410c", onDark: "#fb923c" },
  { onLight: "#007a5e", onDark: "#34d399" },
  { onLight: "#a3507f", onDark: "#e29cc4" },
  { onLight: "#8a6d00", onDark: "#f0e442" },
] as const;

// Without a background of its own a figure takes that of its page, which may be dark.
const STYLE = `
svg{font:12px system-ui,sans-serif;background:#fff}
text{fill:#24292f}.title{font-size:15px;font-weight:600}.faint{fill:#57606a}
.grid{stroke:#d0d7de}.axis{stroke:#57606a}.mark{stroke:#57606a;stroke-dasharray:3 3}
.line{fill:none;stroke-width:1.6;stroke-linejoin:round}
${COLOURS.map(({ onLight }, index) => `.c${index}{stroke:${onLight};color:${onLight}}`).join("")}
.dot{fill:currentColor}
@media (prefers-color-scheme:dark){svg{background:#0d1117}text{fill:#e6edf3}.faint{fill:#9198a1}
.grid{stroke:#30363d}.axis,.mark{stroke:#9198a1}
${COLOURS.map(({ onDark }, index) => `.c${index}{stroke:${onDark};color:${onDark}}`).join("")}}
`;

/** The same figure gives the same bytes. */
export function svgFigure({ title, description, legend, panels }: Figure): string {
  let y = TITLE_HEIGHT + LEGEND_HEIGHT;
  const drawn = panels.map((panel) => {
    const group = `<g transform="translate(0 ${y})">${panel.draw()}</g>`;
    y += panel.height;
    return group;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${FIGURE_WIDTH}" height="${y}" viewBox="0 0 ${FIGURE_WIDTH} ${y}" role="img">`,
    `<title>${escapeText(title)}</title><desc>${escapeText(description)}</desc><style>${STYLE}</style>`,
    svgText(16, 21, title, "title"),
    drawLegend(legend),
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

// Twelve pixels of a system font are about so wide for a character.
const CHARACTER_WIDTH = 6.4;

function drawLegend(legend: readonly LegendEntry[]): string {
  let x = 16;
  return legend
    .map(({ text, colour }) => {
      const y = TITLE_HEIGHT + 9;
      const entry = `<path class="line c${colour}" d="M${pixels(x)} ${y}h18"/>${svgText(x + 23, y + 4, text)}`;
      x += 23 + text.length * CHARACTER_WIDTH + 18;
      return entry;
    })
    .join("");
}

export function svgText(x: number, y: number, text: string, classes = "", anchor = "start"): string {
  const attributes = `${classes === "" ? "" : ` class="${classes}"`}${anchor === "start" ? "" : ` text-anchor="${anchor}"`}`;
  return `<text x="${pixels(x)}" y="${pixels(y)}"${attributes}>${escapeText(text)}</text>`;
}

/** A tenth of a pixel is as fine as anyone sees. */
export function pixels(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
