/** Lines in panels, both axes logarithmic, as SVG that is readable on white and on black. */

export interface Line {
  readonly name: string;
  readonly isOurs: boolean;
  readonly points: readonly (readonly [n: number, value: number])[];
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

const PANEL = { width: 760, height: 320 };
const PLOT = { left: 70, top: 36, width: 500, height: 240 };
const COLOURS = ["#888888", "#3a7ebf", "#c77d11", "#7d5ba6", "#2f8f5b", "#b8476b", "#8a6d3b", "#5a9ea6"];
const OUR_COLOUR = "#d62728";
const LINE_HEIGHT = 18;

export function chart(panels: readonly Panel[]): string {
  const drawn = panels.filter(({ lines }) => lines.length > 0);
  const height = drawn.length * PANEL.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${PANEL.width}" height="${height}" ` +
    `viewBox="0 0 ${PANEL.width} ${height}" font-family="sans-serif" font-size="12">`,
    ...drawn.flatMap((panel, at) => [
      `<g transform="translate(0 ${at * PANEL.height})">`,
      ...drawPanel(panel),
      "</g>",
    ]),
    "</svg>\n",
  ].join("\n");
}

/** The decades that hold all of these. */
function decades(values: readonly number[]): { from: number; to: number } {
  const from = Math.floor(Math.log10(Math.min(...values)));
  return { from, to: Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values)))) };
}

function drawPanel({ title, lines }: Panel): string[] {
  const points = lines.flatMap(({ points }) => points);
  const across = decades(points.map(([n]) => n));
  const up = decades(points.map(([, value]) => value));
  const x = (n: number) => PLOT.left + PLOT.width * (Math.log10(n) - across.from) / (across.to - across.from);
  const y = (value: number) =>
    PLOT.top + PLOT.height * (1 - (Math.log10(value) - up.from) / (up.to - up.from));
  const out = [text(PLOT.left, PLOT.top - 14, title, "start")];
  for (let decade = across.from; decade <= across.to; decade++) {
    const at = x(10 ** decade);
    out.push(rule(at, PLOT.top, at, PLOT.top + PLOT.height));
    out.push(text(at, PLOT.top + PLOT.height + 18, String(10 ** decade), "middle"));
  }
  for (let decade = up.from; decade <= up.to; decade++) {
    const at = y(10 ** decade);
    out.push(rule(PLOT.left, at, PLOT.left + PLOT.width, at));
    out.push(text(PLOT.left - 8, at + 4, decadeText(decade), "end"));
  }
  for (const [at, { name, isOurs, points }] of lines.entries()) {
    const colour = isOurs ? OUR_COLOUR : COLOURS[at % COLOURS.length]!;
    const width = isOurs ? 3 : 1.5;
    const path = points.map(([n, value]) => `${x(n).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    out.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${width}"/>`);
    for (const [n, value] of points) {
      out.push(`<circle cx="${x(n).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3" fill="${colour}"/>`);
    }
    const beside = PLOT.top + 12 + at * LINE_HEIGHT;
    out.push(text(PLOT.left + PLOT.width + 16, beside, name, "start", colour));
  }
  return out;
}

function decadeText(decade: number): string {
  return decade >= 0 ? String(10 ** decade) : (10 ** decade).toFixed(-decade);
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" ` +
    `stroke="#999999" stroke-width="0.5"/>`;
}

function text(x: number, y: number, content: string, anchor: string, colour = "#777777"): string {
  return `<text x="${x.toFixed(1)}" y="${
    y.toFixed(1)
  }" text-anchor="${anchor}" fill="${colour}">${content}</text>`;
}
