// The wiring of the node as a picture, and as a table for who does not see it.
import { get } from "./api.js";
import { h, replace, s, table } from "./dom.js";
import { findings } from "./findings.js";
import { layout } from "./layout.js";

const everyMs = 15000;
/** From the end of one look to the next: every network of the node is looked at. */
const findingsEveryMs = 120000;
/** After a failure. */
const againMs = 5000;
const zoomStep = 1.25;
/** Of a line that stands for many pairs, nobody reads the addresses. */
const mostEnds = 4;
const leastZoom = 0.7;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#888";
}

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** Findings by the link that they are about. */
function byLink(answer) {
  const found = new Map();
  for (const one of answer?.findings ?? []) {
    if (!one.subject.ifname) continue;
    const key = `${one.subject.netns}/${one.subject.ifname}`;
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return found;
}

function line(one, boxes, wrong) {
  const from = boxes.get(one.from);
  const to = boxes.get(one.to);
  const [x1, y1, x2, y2] = [from.x + from.width, from.y + from.height / 2, to.x, to.y + to.height / 2];
  const middle = (x1 + x2) / 2;
  const bad = one.ends.filter(Boolean).flatMap((end) => wrong.get(`${end.netns}/${end.ifname}`) ?? []);
  const ends = one.ends.length > mostEnds ? [] : one.ends.filter((end) => end?.addresses?.length);
  const about = [one.title ?? one.kind, ...ends.map((end) => `${end.ifname}: ${end.addresses.join(" ")}`), ...bad.map((each) => `${each.rule}: ${each.summary}`)].join("\n");
  return s("path", {
    d: x2 >= x1 ? `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}` : `M${x1} ${y1}C${x1 + 40} ${y1} ${x1 + 40} ${y2} ${to.x + to.width} ${y2}`,
    fill: "none", stroke: colour(bad.length > 0 ? "--bad" : "--line"), "stroke-width": bad.length > 0 ? 3 : 1.5,
    "stroke-dasharray": one.kind === "lower" || one.kind === "tunnel" ? "5 4" : null, class: bad.length > 0 ? "wrong" : null,
  }, s("title", {}, about));
}

function rectangle(one, wrong, open) {
  const [netns] = one.id.split("/");
  const bad = one.netns ? [] : wrong.get(`${netns}/${one.title}`) ?? [];
  const about = [one.title, one.detail, ...one.addresses, ...bad.map((each) => each.summary)].join("\n");
  const text = (y, content, size, fill) => s("text", { x: one.x + 10, y: one.y + y, "font-size": size, "font-family": "sans-serif", fill }, content);
  const group = s("g", { class: "box", role: one.container || one.fold ? "link" : null, tabindex: one.container || one.fold ? 0 : null, "aria-label": about.replaceAll("\n", ", "), "data-id": one.id },
    s("title", {}, about),
    s("rect", { x: one.x, y: one.y, width: one.width, height: one.height, rx: 5, fill: colour("--card"), stroke: colour(bad.length > 0 ? "--bad" : "--line"),
      "stroke-dasharray": one.state === "DOWN" ? "3 3" : null, class: bad.length > 0 ? "wrong" : null }),
    text(18, cut(one.title, 26), 13, colour("--text")), text(35, cut(one.detail, 30), 11, colour("--quiet")));
  if (!one.container && !one.fold) return group;
  group.addEventListener("click", () => open(one));
  group.addEventListener("keydown", (event) => { if (event.key === "Enter") open(one); });
  return group;
}

export class WiringView {
  title = "Wiring";

  constructor(app) {
    this.app = app;
    this.opened = new Set();
    this.zoom = 1;
    this.readAt = 0;
    this.lookedAt = 0;
    this.wrong = new Map();
    this.picture = s("svg", { class: "wiring", role: "group", "aria-label": "Wiring of the node", xmlns: "http://www.w3.org/2000/svg" });
    this.frame = h("div", { class: "frame", tabindex: 0, role: "region", "aria-label": "Picture" }, this.picture);
    this.words = h("div");
    this.remarks = h("div", { class: "remarks" }, h("p", { class: "loading" }, "Looking at the networks…"));
    this.looked = h("p", { class: "quiet", role: "status" });
    const button = (label, act) => h("button", { type: "button", onclick: act }, label);
    this.element = h("div", { class: "view" }, h("h1", {}, "Wiring"),
      h("p", { class: "buttons" }, button("Larger", () => this.scale(zoomStep)), " ", button("Smaller", () => this.scale(1 / zoomStep)), " ",
        button("All of it", () => this.fit()), " ", button("Save as SVG", () => this.save())),
      this.looked, this.frame, this.remarks, h("details", {}, h("summary", {}, "As a table"), this.words));
    this.frame.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.scale(event.deltaY < 0 ? zoomStep : 1 / zoomStep);
    }, { passive: false });
  }

  update() {
    if (Date.now() - this.readAt > everyMs) this.read();
    if (Date.now() - this.lookedAt > findingsEveryMs) this.look();
  }

  /** What is wrong with links; the picture does not wait for it. */
  async look() {
    this.lookedAt = Infinity;
    let next = findingsEveryMs;
    replace(this.looked, "Looking for findings…");
    try {
      const answer = await findings("all", this.app.signal);
      this.wrong = byLink(answer);
      const links = this.wrong.size;
      replace(this.looked, links > 0 ? `Findings about ${links} ${links === 1 ? "link" : "links"}: red.` : "No findings about links.");
      if (this.topology) this.draw();
    } catch (why) {
      next = againMs;
      if (why.name !== "AbortError") replace(this.looked, h("span", { class: "failed" }, `Findings: ${why.message}`));
    }
    this.lookedAt = Date.now() - findingsEveryMs + next;
  }

  async read() {
    this.readAt = Date.now();
    try {
      const first = !this.topology;
      this.topology = await get("/v1/topology", this.app.signal);
      this.draw();
      if (first) this.fitWidth();
    } catch (why) {
      this.readAt = Date.now() - everyMs + againMs;
      if (why.name !== "AbortError") replace(this.remarks, h("p", { class: "failed" }, why.message));
    }
  }

  draw() {
    const made = layout(this.topology, this.opened);
    const boxes = new Map(made.boxes.map((one) => [one.id, one]));
    const words = this.app.filter.toLowerCase();
    this.size = [made.width, made.height];
    const focused = this.picture.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    this.picture.replaceChildren(...made.lines.map((one) => line(one, boxes, this.wrong)), ...made.boxes.map((one) => {
      const drawn = rectangle(one, this.wrong, (what) => this.open(what));
      if (words && !`${one.title} ${one.addresses.join(" ")}`.toLowerCase().includes(words)) drawn.setAttribute("opacity", "0.25");
      return drawn;
    }));
    this.scale(1);
    if (focused) (this.picture.querySelector(`g[data-id="${CSS.escape(focused)}"]`) ?? this.frame).focus();
    const rows = this.topology.edges.map((edge) => {
      const name = (end) => this.topology.links.find((one) => one.netns === end.netns && one.ifindex === end.ifindex)?.ifname ?? end.ifindex;
      return [edge.kind, `${name(edge.from)} in net:[${edge.from.netns}]`, `${name(edge.to)} in net:[${edge.to.netns}]`];
    });
    replace(this.words, table("Edges", ["Kind", "From", "To"], rows));
    replace(this.remarks, ...Object.entries(this.topology.notes ?? {}).map(([about, why]) => h("p", { class: "quiet" }, `${about}: ${why}`)));
  }

  open(one) {
    if (one.fold) {
      if (!this.opened.delete(one.fold)) this.opened.add(one.fold);
      this.draw();
    } else {
      window.location.hash = `#/container/${one.container}`;
    }
  }

  scale(factor) {
    if (!this.size) return;
    this.zoom = Math.min(4, Math.max(0.1, this.zoom * factor));
    const [width, height] = this.size;
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.picture.setAttribute("width", Math.round(width * this.zoom));
    this.picture.setAttribute("height", Math.round(height * this.zoom));
  }

  fit() {
    if (!this.size) return;
    this.zoom = 1;
    this.scale(Math.min(1, this.frame.clientWidth / this.size[0], this.frame.clientHeight / this.size[1]));
  }

  /** At first: legible, and not wider than the window where that is legible. */
  fitWidth() {
    this.zoom = 1;
    this.scale(Math.max(leastZoom, Math.min(1, this.frame.clientWidth / this.size[0])));
  }

  save() {
    const whole = this.picture.cloneNode(true);
    whole.prepend(s("rect", { width: "100%", height: "100%", fill: colour("--page") }));
    const text = new XMLSerializer().serializeToString(whole);
    const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "image/svg+xml" })), download: "wiring.svg" });
    link.click();
    URL.revokeObjectURL(link.href);
  }

  key(event) {
    if (event.key === "+") this.scale(zoomStep);
    else if (event.key === "-") this.scale(1 / zoomStep);
    else if (event.key === "0") this.fit();
    else return false;
    return true;
  }

  destroy() {}
}
