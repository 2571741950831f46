// Charts over time: dygraphs for the large ones, a line of SVG for those in a table. Each has a text beside it.
import { h, s } from "./dom.js";

const colours = ["#2a7ae2", "#d9822b", "#2e9e6b", "#b0489c"];

/** Its legend writes a style attribute, which the page's policy refuses; ours stands below the picture. */
function withoutLegend() {
  const { Dygraph } = window;
  Dygraph.PLUGINS = Dygraph.PLUGINS.filter((one) => one !== Dygraph.Plugins.Legend);
  return Dygraph;
}

/** The last figures of a chart as a sentence, for who does not see it. */
function sentence(title, series, points, format) {
  const last = points.at(-1);
  if (!last) return `${title}: no figures yet`;
  return `${title}: ${series.map(([key, name]) => `${name} ${format(last[key])}`).join(", ")}`;
}

/** A chart that stays where it is while its data move. series: [key of a point, name]. */
export class Chart {
  constructor(title, series, format) {
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
    if (points.length < 2 || !this.canvas.isConnected) return;
    const rows = points.map((one) => [new Date(one.at), ...this.series.map(([key]) => one[key])]);
    if (this.graph) {
      this.graph.updateOptions({ file: rows });
      return;
    }
    this.graph = new (withoutLegend())(this.canvas, rows, {
      labels: ["time", ...this.series.map(([, name]) => name)],
      colors: colours, strokeWidth: 1.5, fillGraph: this.series.length === 1, includeZero: true, legend: "never",
      axes: { y: { axisLabelFormatter: (value) => this.format(value), axisLabelWidth: 64 }, x: { axisLabelWidth: 56 } },
      animatedZooms: false, connectSeparatedPoints: false, highlightCircleSize: 2, xRangePad: 0,
    });
  }

  legend(points) {
    const last = points.at(-1);
    if (!last) return ["no figures yet"];
    return this.series.flatMap(([key, name], i) => [
      s("svg", { width: 10, height: 10, "aria-hidden": "true" }, s("rect", { width: 10, height: 10, fill: colours[i] })),
      h("span", {}, ` ${name} ${this.format(last[key])} `),
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
  const values = points.map((one) => one[key]).filter((one) => one !== null);
  const label = sentence(title, [[key, title]], points, format);
  const picture = s("svg", { class: "spark", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  if (values.length < 2) return picture;
  const most = Math.max(...values, 1e-9);
  const step = width / (values.length - 1);
  const line = values.map((one, i) => `${(i * step).toFixed(1)},${(height - 1 - (one / most) * (height - 2)).toFixed(1)}`).join(" ");
  picture.append(s("polyline", { points: line, fill: "none", stroke: "currentColor", "stroke-width": 1.2 }));
  return picture;
}
