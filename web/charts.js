// Charts over time: dygraphs for the large ones, a line of SVG for those in a table. Each has a text beside it.
import { h, s } from "./dom.js";

/** How much time a chart shows: as much as there is, but from two minutes on, so that it does not stretch at first. */
const leastMs = 120000;
const mostMs = 600000;

const colours = ["#2a7ae2", "#d9822b", "#2e9e6b", "#b0489c"];

/** Its legend writes a style attribute, which the page's policy refuses; ours stands below the picture. */
function withoutLegend() {
  const { Dygraph } = window;
  Dygraph.PLUGINS = Dygraph.PLUGINS.filter((one) => one !== Dygraph.Plugins.Legend);
  return Dygraph;
}

const newest = (points) => points.findLast((one) => !one.gap);

function timesShown(points) {
  const end = points.at(-1).at;
  return [end - Math.min(mostMs, Math.max(leastMs, end - points[0].at)), end];
}

/** From zero to a little above the largest; `least`: what is still drawn small. */
function valuesShown(points, series, least) {
  let most = 0;
  for (const one of points) for (const [key] of series) most = Math.max(most, one[key] ?? 0);
  return [0, Math.max(least, most * 1.1)];
}

/** The last figures of a chart as a sentence, for who does not see it. */
function sentence(title, series, points, format) {
  const last = newest(points);
  if (!last) return `${title}: no figures yet`;
  return `${title}: ${series.map(([key, name]) => `${name} ${format(last[key])}`).join(", ")}`;
}

/** A chart that stays where it is while its data move. series: [key of a point, name]. */
export class Chart {
  constructor(title, series, format, least = 0.1) {
    this.least = least;
    this.title = title;
    this.series = series;
    this.format = format;
    this.canvas = h("div", { class: "canvas", "aria-hidden": "true" });
    this.text = h("p", { class: "legend" });
    this.element = h("figure", { class: "chart" }, h("figcaption", {}, title), this.canvas, this.text);
    this.graph = null;
  }

  update(points) {
    this.text.replaceChildren(...this.legend(points));
    if (points.length > 0) this.element.dataset.since = new Date(points[0].at).toISOString();
    if (points.length < 2 || !this.canvas.isConnected) return;
    // Null is a gap; undefined would be an error.
    const rows = points.map((one) => [new Date(one.at), ...this.series.map(([key]) => one[key] ?? null)]);
    const shown = { dateWindow: timesShown(points), valueRange: valuesShown(points, this.series, this.least) };
    if (this.graph) {
      this.graph.updateOptions({ file: rows, ...shown });
      return;
    }
    this.graph = new (withoutLegend())(this.canvas, rows, {
      ...shown,
      labels: ["time", ...this.series.map(([, name]) => name)],
      colors: colours, strokeWidth: 1.5, fillGraph: this.series.length === 1, legend: "never",
      labelsKMG2: this.least >= 1024,
      axes: { y: { axisLabelFormatter: (value) => this.format(value), axisLabelWidth: 64 }, x: { axisLabelWidth: 56 } },
      animatedZooms: false, connectSeparatedPoints: false, highlightCircleSize: 2, xRangePad: 0,
    });
  }

  legend(points) {
    const last = newest(points);
    if (!last) return ["no figures yet"];
    return this.series.flatMap(([key, name], i) => [
      h("span", {}, s("svg", { width: 10, height: 10, "aria-hidden": "true" }, s("rect", { width: 10, height: 10, fill: colours[i] })),
        ` ${name} ${this.format(last[key])}`), " ",
    ]);
  }

  destroy() {
    this.graph?.destroy();
    this.graph = null;
  }
}

/** A line for a table cell. */
export function spark(points, key, title, format) {
  const width = 90;
  const height = 22;
  const label = sentence(title, [[key, title]], points, format);
  const picture = s("svg", { class: "spark", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  const known = points.filter((one) => one[key] !== null && one[key] !== undefined);
  if (known.length < 2) return picture;
  const most = Math.max(...known.map((one) => one[key]), 1e-9);
  const [begin, span] = [known[0].at, known.at(-1).at - known[0].at];
  let pen = "M";
  let line = "";
  for (const one of points) {
    if (one[key] === null || one[key] === undefined) {
      pen = "M";
      continue;
    }
    line += `${pen}${(((one.at - begin) / span) * width).toFixed(1)} ${(height - 1 - (one[key] / most) * (height - 2)).toFixed(1)}`;
    pen = "L";
  }
  picture.append(s("path", { d: line, fill: "none", stroke: "currentColor", "stroke-width": 1.2 }));
  return picture;
}
