// The node: what it uses, its containers, what is wrong with its network, what happens.
import { Chart } from "./charts.js";
import { ContainerTable } from "./containers.js";
import { h, replace } from "./dom.js";
import { EventList } from "./events.js";
import { findings, findingsList } from "./findings.js";
import { bytes, cores, rate } from "./format.js";
import { past } from "./past.js";

const findingsEveryMs = 60000;
/** After a failure. */
const againMs = 5000;
const percent = (value) => (value === null || value === undefined ? "–" : `${value.toFixed(1)} %`);

export class NodeView {
  title = "Node";

  constructor(app) {
    this.app = app;
    this.charts = [
      new Chart("CPU (cores)", [["cpu", "all"], ["user", "user"], ["system", "system"]], cores),
      new Chart("Memory", [["memory", "working set"], ["cache", "cache"]], bytes, 1024),
      new Chart("Network", [["received", "received"], ["sent", "sent"]], rate, 1024),
      new Chart("Disk", [["read", "read"], ["written", "written"]], rate, 1024),
      new Chart("Pressure (10 s)", [["pressureCpu", "CPU"], ["pressureMemory", "memory"], ["pressureIo", "I/O"]], percent, 5),
    ];
    this.table = new ContainerTable();
    this.table.onsort = () => this.update();
    this.wrong = h("div", { class: "part", tabindex: 0, role: "region", "aria-label": "Findings of the node" }, h("p", { class: "loading" }, "Looking…"));
    this.lookedAt = 0;
    this.events = new EventList(app.signal);
    this.element = h("div", { class: "view" },
      h("h1", {}, "Node"),
      h("section", { class: "charts", "aria-label": "What the node uses" }, this.charts.map((one) => one.element)),
      h("div", { class: "columns" },
        h("section", { "aria-labelledby": "findings" }, h("h2", { id: "findings" }, "Findings"), this.wrong),
        h("section", { "aria-labelledby": "events" }, h("h2", { id: "events" }, "Events"), this.events.element)),
      h("section", { "aria-labelledby": "containers" }, h("h2", { id: "containers" }, "Containers"), this.table.element));
    this.fill();
  }

  /** What the service has kept of the time when nobody looked. */
  async fill() {
    const kept = await past("/", this.app.signal);
    if (kept.length === 0) return;
    this.app.history.fill("node", kept);
    this.drawCharts();
  }

  drawCharts() {
    for (const chart of this.charts) chart.update(this.app.history.of("node"));
  }

  update() {
    const { answer, history, filter } = this.app;
    this.drawCharts();
    if (answer) {
      this.table.update(answer.containers, history, filter);
      this.events.update(answer.containers);
    }
    if (Date.now() - this.lookedAt > findingsEveryMs) this.look();
  }

  async look() {
    this.lookedAt = Date.now();
    try {
      replace(this.wrong, ...findingsList(await findings("node", this.app.signal)));
    } catch (why) {
      this.lookedAt = Date.now() - findingsEveryMs + againMs;
      if (why.name !== "AbortError") replace(this.wrong, h("p", { class: "failed" }, why.message));
    }
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    if (!step) return false;
    this.table.move(step);
    return true;
  }

  destroy() {
    for (const chart of this.charts) chart.destroy();
  }
}
