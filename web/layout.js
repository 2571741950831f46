// Where the boxes of a wiring picture stand: containers on the left, the bridges of the node in the middle, its other links on the
// right. Pure: a topology in, rectangles and lines out.

const box = { width: 190, height: 44, gap: 10 };
const column = [20, 330, 640];
/** A group of more namespaces than this is one box until somebody opens it. */
export const foldAbove = 24;

const keyOf = (end) => `${end.netns}/${end.ifindex}`;

function titleOf(namespace) {
  const names = (namespace.containers ?? []).map((one) => one.pod?.container || one.name || one.id.slice(0, 12));
  const pod = namespace.containers?.find((one) => one.pod)?.pod;
  if (pod) return `${pod.namespace}/${pod.name}`;
  return names.join(", ") || namespace.name || (namespace.kind === "node" ? "node" : `net:[${namespace.netns}]`);
}

/** What the topology says, as maps. */
function indexed(topology) {
  const links = new Map(topology.links.map((one) => [keyOf(one), one]));
  const others = new Map();
  const note = (from, to, kind) => others.set(from, [...(others.get(from) ?? []), { to, kind }]);
  for (const edge of topology.edges) {
    note(keyOf(edge.from), keyOf(edge.to), edge.kind);
    note(keyOf(edge.to), keyOf(edge.from), edge.kind);
  }
  return { links, others };
}

/** The link on the node that a namespace's link leads to, and the bridge behind it. */
function wayOut(link, { links, others }, node) {
  for (const { to, kind } of others.get(keyOf(link)) ?? []) {
    const end = links.get(to);
    if (!end || kind === "bridge_port" || end.netns !== node) continue;
    const bridge = (others.get(to) ?? []).find((one) => one.kind === "bridge_port");
    return { end, kind, bridge: bridge ? links.get(bridge.to) : null };
  }
  return null;
}

function grouped(topology, maps, node) {
  const groups = new Map();
  for (const namespace of topology.namespaces) {
    if (namespace.netns === node) continue;
    const ways = topology.links.filter((one) => one.netns === namespace.netns).map((one) => ({ link: one, way: wayOut(one, maps, node) })).filter((one) => one.way);
    const first = ways[0]?.way;
    const at = first ? keyOf(first.bridge ?? first.end) : "none";
    const group = groups.get(at) ?? { at, link: first ? first.bridge ?? first.end : null, members: [] };
    group.members.push({ namespace, ways });
    groups.set(at, group);
  }
  for (const group of groups.values()) group.members.sort((a, b) => titleOf(a.namespace).localeCompare(titleOf(b.namespace), "en", { numeric: true }));
  return [...groups.values()].sort((a, b) => (a.link?.ifname ?? "~").localeCompare(b.link?.ifname ?? "~"));
}

const linkBox = (link, x, y) => ({
  id: keyOf(link), x, y, width: box.width, height: box.height, kind: link.kind || "link", title: link.ifname,
  detail: `${link.kind || "link"}, ${link.state}, mtu ${link.mtu}`, addresses: link.addresses ?? [], state: link.state,
});

function namespaceBox({ namespace }, x, y, topology) {
  const addresses = topology.links.filter((one) => one.netns === namespace.netns).flatMap((one) => one.addresses ?? []).filter((one) => !/^(127\.|::1|fe80)/.test(one));
  return {
    id: `ns/${namespace.netns}`, x, y, width: box.width, height: box.height, kind: namespace.kind, title: titleOf(namespace),
    detail: addresses[0] ?? `net:[${namespace.netns}]`, addresses, container: namespace.containers?.[0]?.id ?? null, netns: namespace.netns,
  };
}

/** `opened`: keys of groups that are not to be folded. */
export function layout(topology, opened = new Set()) {
  const node = topology.namespaces.find((one) => one.kind === "node")?.netns;
  const maps = indexed(topology);
  const boxes = [];
  const lines = [];
  const placed = new Set();
  const hidden = new Set();
  let y = 20;
  for (const group of grouped(topology, maps, node)) {
    const top = y;
    const large = group.members.length > foldAbove;
    const folded = large && !opened.has(group.at);
    const shown = folded ? [] : group.members;
    const ways = group.members.flatMap((one) => one.ways);
    // Where a bridge is behind it, the node's end of a pair is part of the line.
    for (const { way } of ways) if (way.bridge) hidden.add(keyOf(way.end));
    if (large) {
      boxes.push({
        id: `fold/${group.at}`, fold: group.at, x: column[0], y, width: box.width, height: box.height, kind: "fold",
        title: `${group.members.length} namespaces`, detail: folded ? "open them" : "fold them", addresses: [],
      });
      if (folded && group.link) lines.push({ from: `fold/${group.at}`, to: group.at, kind: "veth", ends: ways.flatMap(({ link, way }) => [link, way.end]) });
      y += box.height + box.gap;
    }
    for (const member of shown) {
      boxes.push(namespaceBox(member, column[0], y, topology));
      for (const { link, way } of member.ways) {
        lines.push({ from: `ns/${member.namespace.netns}`, to: keyOf(way.bridge ?? way.end), kind: way.kind, ends: [link, way.end], title: `${link.ifname} — ${way.end.ifname}` });
      }
      y += box.height + box.gap;
    }
    if (group.link && !placed.has(group.at)) {
      placed.add(group.at);
      boxes.push(linkBox(group.link, column[1], large ? top : top + (y - box.gap - top - box.height) / 2));
    }
    y += box.gap * 2;
  }
  let right = 20;
  for (const link of topology.links) {
    const key = keyOf(link);
    if (link.netns !== node || hidden.has(key) || placed.has(key) || link.ifname === "lo") continue;
    placed.add(key);
    boxes.push(linkBox(link, column[2], right));
    right += box.height + box.gap;
  }
  const there = new Set(boxes.map((one) => one.id));
  for (const edge of topology.edges) {
    const [from, to] = [keyOf(edge.from), keyOf(edge.to)];
    if (there.has(from) && there.has(to)) lines.push({ from, to, kind: edge.kind, ends: [maps.links.get(from), maps.links.get(to)], title: edge.kind });
  }
  return { boxes, lines: lines.filter((one) => there.has(one.from) && there.has(one.to)), width: column[2] + box.width + 20, height: Math.max(y, right, 120) };
}
