// One container: what it is, limits against use, charts, its network, texts to copy, where its packets go.
import { get, post, query } from "./api.js";
import { Chart } from "./charts.js";
import { h, replace, table } from "./dom.js";
import { findings, findingsList } from "./findings.js";
import { age, bytes, containerName, cores, podName, rate } from "./format.js";
import { past } from "./past.js";
import { pathForm } from "./path.js";

/** Until the service answers again. */
const againMs = 3000;
const parts = "addr,route,peers,sockets,resolver";
const texts = [["ipaddr", "ip addr"], ["Route", "route"], ["Nat", "iptables-save -t nat"]];

/** What is used of a limit, as a text and as a bar. */
function share(used, limit, format) {
  if (!limit) return [`${format(used)}, no limit`];
  const meter = used !== null && used !== undefined && h("meter", { min: 0, max: limit, high: limit * 0.9, value: Math.min(used, limit), "aria-hidden": "true" });
  return [`${format(used)} of ${format(limit)} `, meter].filter(Boolean);
}

function facts(one, last) {
  const rows = [
    ["Id", one.id], ["Runtime", one.runtime], ["Pod", podName(one) || "–"], ["Image", one.image || "–"], ["Started", `${one.started ?? "–"} (${age(one.started)})`],
    ["Restarts", one.restarts ?? "–"], ["Process", one.pid ?? "–"], ["Addresses", (one.addresses ?? []).join(" ") || "–"],
    ["CPU", share(last?.cpu, one.cpu?.limit_cores, cores)], ["Memory", share(one.memory?.working_set, one.memory?.limit, bytes)],
    ["Tasks", one.threads ?? "–"], ["Cgroup", one.cgroup],
  ];
  return h("dl", { class: "facts" }, rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, ...(Array.isArray(value) ? value : [String(value)]))]));
}

function otherEnd(peer) {
  if (!peer) return "";
  const where = peer.netns === "node" ? "on the node" : peer.container ? `in ${peer.container.name}` : "in another namespace";
  return `${peer.peer_ifname ?? `index ${peer.peer_ifindex}`} ${where}${peer.master ? `, port of ${peer.master}` : ""}`;
}

function stateOf(link) {
  if (!link.flags.includes("UP")) return { text: "DOWN", className: "bad" };
  return link.flags.includes("NO-CARRIER") ? { text: "NO-CARRIER", className: "bad" } : { text: "UP", className: "good" };
}

function networkTables(network) {
  const peers = new Map((network.peers ?? []).map((one) => [one.ifindex, one]));
  const links = (network.addr ?? []).map((one) => [
    one.ifname, stateOf(one), one.mtu, one.linkinfo?.info_kind ?? one.link_type,
    one.addr_info.map((address) => `${address.local}/${address.prefixlen}`).join(" "), otherEnd(peers.get(one.ifindex))]);
  const routes = (network.route ?? []).filter((one) => one.table !== "local").map((one) => [
    one.type === "unicast" ? "" : one.type, one.dst, one.gateway ?? one.via?.host ?? "", one.dev ?? "", one.table, one.metric ?? ""]);
  const listeners = (network.sockets?.tcp.listen ?? []).map((one) => [
    `${one.address}:${one.port}`, `${one.queue}/${one.queue_limit}`, one.name ? `${one.name} (${one.process})` : ""]);
  const names = network.resolver?.nameservers?.map((one) => one.address).join(" ");
  const remarks = [...Object.entries(network.errors), ...Object.entries(network.notes)].map(([about, why]) => h("li", {}, `${about}: ${why.message ?? why}`));
  return [
    table("Links", ["Link", "State", "MTU", "Kind", "Addresses", "Other end"], links),
    table("Routes", ["Type", "To", "Via", "Link", "Table", "Metric"], routes),
    table("Listeners", ["Address", "Queue", "Process"], listeners),
    h("p", {}, "Nameservers: ", names || "none", network.resolver?.search?.length ? `; search ${network.resolver.search.join(" ")}` : ""),
    remarks.length > 0 && h("ul", { class: "quiet" }, remarks),
  ];
}

function copyable(title, text) {
  const shown = h("pre", { tabindex: 0 }, text || "(empty)");
  const copy = h("button", { type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    } catch {
      // Over plain HTTP from elsewhere a browser has no clipboard for pages: Ctrl-C does it then.
      window.getSelection().selectAllChildren(shown);
      copy.textContent = "Selected: copy it with Ctrl-C";
    }
  });
  return h("details", {}, h("summary", {}, h("code", {}, title)), copy, shown);
}

export class ContainerView {
  constructor(app, id) {
    this.app = app;
    this.id = id;
    this.title = id.slice(0, 12);
    this.head = h("h1", {}, this.title);
    this.gone = h("p", { class: "failed", role: "status" });
    // As high as it will be, so that nothing below it moves.
    this.facts = h("div", { "aria-busy": "true" }, facts({ id, started: null }, null));
    this.charts = [
      new Chart("CPU (cores)", [["user", "user"], ["system", "system"], ["throttled", "throttled"]], cores),
      new Chart("Memory", [["memory", "working set"], ["cache", "cache"], ["memoryLimit", "limit"]], bytes, 1024),
      new Chart("Network", [["received", "received"], ["sent", "sent"]], rate, 1024),
      new Chart("Disk", [["read", "read"], ["written", "written"]], rate, 1024),
      new Chart("Tasks", [["tasks", "tasks"]], (value) => (value === null || value === undefined ? "–" : String(Math.round(value))), 4),
    ];
    this.network = h("div", {}, h("p", { class: "loading" }, "Loading…"));
    this.wrong = h("div", { class: "part", tabindex: 0, role: "region", "aria-label": "Findings of the container" }, h("p", { class: "loading" }, "Looking…"));
    this.texts = h("div");
    this.element = h("div", { class: "view" }, this.head, this.gone, this.facts,
      h("section", { class: "charts", "aria-label": "What it uses" }, this.charts.map((one) => one.element)),
      h("section", { "aria-labelledby": "findings" }, h("h2", { id: "findings" }, "Findings"), this.wrong),
      h("section", { "aria-labelledby": "network" }, h("h2", { id: "network" }, "Network"), this.network),
      h("section", { "aria-labelledby": "path" }, h("h2", { id: "path" }, "Path"), pathForm({ container: id }, app.signal)),
      h("section", { "aria-labelledby": "texts" }, h("h2", { id: "texts" }, "Texts"), this.texts));
    this.load();
  }

  /** What the service has kept of the time when nobody looked. */
  async fill() {
    if (!this.cgroup) return;
    const kept = await past(this.cgroup, this.app.signal);
    if (kept.length === 0) return;
    this.app.history.fill(this.id, kept);
    this.drawCharts();
  }

  drawCharts() {
    // Limits of today: those of samples are not kept.
    const known = this.app.history.of(this.id);
    // Of what is gone the last figures stay.
    if (known.length === 0 && this.cgroup) return;
    const points = known.map((one) => (one.gap ? one : { ...one, memoryLimit: this.memoryLimit }));
    for (const chart of this.charts) chart.update(points);
  }

  update() {
    const { answer, history } = this.app;
    const one = answer?.containers.find((other) => other.id === this.id);
    this.memoryLimit = one?.memory?.limit ?? null;
    this.drawCharts();
    if (one) {
      if (!this.cgroup) {
        this.cgroup = one.cgroup;
        this.fill();
      }
      this.head.textContent = containerName(one);
      replace(this.facts, facts(one, history.latest(this.id)));
      this.facts.removeAttribute("aria-busy");
      replace(this.gone);
    } else if (answer) {
      replace(this.gone, "This container is gone.");
      if (!this.cgroup) replace(this.facts);
    }
  }

  async load() {
    const whose = query({ container: this.id });
    const show = async (place, make) => {
      try {
        replace(place, ...(await make()));
      } catch (why) {
        if (why.name === "AbortError") return;
        replace(place, h("p", { class: "failed" }, why.message));
        if (why.kind !== "unreachable") return;
        await new Promise((resume) => setTimeout(resume, againMs));
        if (!this.app.signal.aborted && place.isConnected) await show(place, make);
      }
    };
    await Promise.all([
      show(this.network, async () => networkTables(await get(`/v1/network?${whose}&parts=${parts}`, this.app.signal))),
      show(this.wrong, async () => findingsList(await findings(whose, this.app.signal))),
      show(this.texts, async () => {
        const answer = await post("/processor/netInfoCollector", { id: this.id }, this.app.signal);
        return texts.map(([key, title]) => copyable(title, answer[`collector.kubernetes.container.${key}`] ?? ""));
      }),
    ]);
  }

  key() {
    return false;
  }

  destroy() {
    for (const chart of this.charts) chart.destroy();
  }
}
