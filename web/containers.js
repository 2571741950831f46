// The table of containers, by pod, with small charts.
import { spark } from "./charts.js";
import { h } from "./dom.js";
import { age, bytes, containerName, cores, podName, rate, shortId } from "./format.js";

const columns = [
  { key: "name", title: "Container", of: (one) => containerName(one) },
  // Those of one pod stand together, and those of none below.
  { key: "pod", title: "Pod", of: (one) => `${podName(one) || "~"} ${containerName(one)}` },
  { key: "image", title: "Image", of: (one) => one.image },
  { key: "age", title: "Age", of: (one) => Date.parse(one.started ?? "") || 0, down: true },
  { key: "cpu", title: "CPU", of: (one, last) => last?.cpu ?? -1, down: true },
  { key: "memory", title: "Memory", of: (one) => one.memory?.working_set ?? -1, down: true },
  { key: "network", title: "Network", of: (one, last) => (last ? last.received + last.sent : -1), down: true },
  { key: "address", title: "Address", of: (one) => one.addresses?.[0] ?? "" },
];

const byName = new Intl.Collator("en", { numeric: true });

const matches = (one, words) => {
  const text = `${one.name} ${one.id} ${podName(one)} ${one.image} ${(one.addresses ?? []).join(" ")}`.toLowerCase();
  return words.every((word) => text.includes(word));
};

/** Containers that people mean: no sandboxes; those that `filter` lets through; sorted by a column. */
export function chosen(containers, history, filter, sort) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const column = columns.find((one) => one.key === sort.key) ?? columns[0];
  const turn = sort.reversed !== Boolean(column.down) ? -1 : 1;
  const value = (one) => column.of(one, history.latest(one.id));
  return containers
    .filter((one) => !one.pod?.sandbox && matches(one, words))
    .sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      const order = typeof x === "string" ? byName.compare(x, y) : x - y;
      return order * turn || a.id.localeCompare(b.id);
    });
}

function row(one, history) {
  const points = history.of(one.id);
  const last = history.latest(one.id);
  const cell = (...what) => h("td", {}, ...what);
  return h("tr", { "data-id": one.id },
    cell(h("a", { href: `#/container/${one.id}` }, containerName(one)), " ", containerName(one) !== shortId(one.id) && h("span", { class: "quiet" }, shortId(one.id))),
    cell(podName(one)), h("td", { class: "long", title: one.image }, one.image), cell(age(one.started)),
    h("td", { class: "figure" }, spark(points, "cpu", "CPU", cores), h("span", {}, cores(last?.cpu))),
    h("td", { class: "figure" }, spark(points, "memory", "memory", bytes), h("span", {}, bytes(one.memory?.working_set))),
    h("td", { class: "figure rates" }, h("span", {}, last && last.received !== null ? `↓${rate(last.received)} ↑${rate(last.sent)}` : "–")),
    cell((one.addresses ?? []).join(" ") || "–"));
}

export class ContainerTable {
  constructor() {
    this.sort = { key: "pod", reversed: false };
    this.body = h("tbody");
    this.heads = columns.map((one) => h("th", { scope: "col" }, h("button", { type: "button", onclick: () => this.sortBy(one.key) }, one.title)));
    this.count = h("caption", { class: "quiet" });
    this.element = h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": "Containers" },
      h("table", { class: "containers" }, this.count, h("thead", {}, h("tr", {}, this.heads)), this.body));
    this.onsort = () => {};
  }

  sortBy(key) {
    this.sort = { key, reversed: this.sort.key === key && !this.sort.reversed };
    this.onsort();
  }

  update(containers, history, filter) {
    const shown = chosen(containers, history, filter, this.sort);
    const focused = this.body.contains(document.activeElement) ? document.activeElement.closest("tr")?.dataset.id : null;
    this.body.replaceChildren(...shown.map((one) => row(one, history)));
    if (focused) this.body.querySelector(`tr[data-id="${focused}"] a`)?.focus();
    this.heads.forEach((head, i) => {
      if (columns[i].key === this.sort.key) head.setAttribute("aria-sort", this.sort.reversed !== Boolean(columns[i].down) ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    this.count.textContent = containers.length === 0 ? "No container runs on this node." : `${shown.length} of ${containers.length} containers`;
  }

  /** Moves the focus by `step` rows. */
  move(step) {
    const links = [...this.body.querySelectorAll("a")];
    const now = links.indexOf(document.activeElement);
    links[Math.min(links.length - 1, Math.max(0, now + step))]?.focus();
  }
}
