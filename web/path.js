// Where a packet would go: a form, and the hops as a chain.
import { get, query } from "./api.js";
import { h, replace } from "./dom.js";

function routeText(route) {
  if (!route) return "";
  const words = [];
  if (route.type && route.type !== "unicast") words.push(route.type);
  if (route.gateway) words.push(`via ${route.gateway}`);
  if (route.dev) words.push(`dev ${route.dev}`);
  if (route.prefsrc) words.push(`src ${route.prefsrc}`);
  return words.join(" ");
}

function hop(one) {
  const neighbour = one.neighbour ? `${one.neighbour.dst} ${one.neighbour.lladdr ?? ""} ${(one.neighbour.state ?? []).join(",")}` : "";
  return h("li", { class: `hop ${one.verdict}` },
    h("p", {}, h("strong", {}, one.container?.name || one.name || (one.place === "node" ? "node" : `net:[${one.netns}]`)), " ", h("code", {}, one.ifname ?? "")),
    h("p", { class: "quiet" }, routeText(one.route)),
    one.translated && h("p", {}, `translated to ${one.translated}`),
    neighbour && h("p", { class: "quiet" }, neighbour),
    (one.netfilter ?? []).map((rule) => h("p", {}, h("code", {}, `${rule.hook}: ${rule.rule}`))),
    h("p", { class: "verdict" }, one.verdict, one.why ? `: ${one.why}` : ""));
}

export function pathForm(whose, signal) {
  const to = h("input", { name: "to", required: true, placeholder: "10.0.0.1 or fd00::1", autocomplete: "off", size: 24 });
  const port = h("input", { name: "port", inputmode: "numeric", pattern: "[0-9]{1,5}", size: 6, placeholder: "any" });
  const protocol = h("select", { name: "protocol" }, h("option", {}, "tcp"), h("option", {}, "udp"));
  const answer = h("div", { class: "path-answer", "aria-live": "polite" });
  const ask = async (event) => {
    event.preventDefault();
    const parameters = { ...whose, to: to.value.trim() };
    if (port.value) Object.assign(parameters, { port: port.value, protocol: protocol.value });
    replace(answer, h("p", { class: "loading" }, "Asking the kernel…"));
    try {
      const got = await get(`/v1/path?${query(parameters)}`, signal);
      replace(answer, h("p", { class: `summary ${got.reachable}` }, got.summary), h("ol", { class: "hops" }, got.hops.map(hop)));
    } catch (why) {
      if (why.name !== "AbortError") replace(answer, h("p", { class: "failed" }, why.message));
    }
  };
  return [
    h("form", { class: "path", onsubmit: ask },
      h("label", {}, "To ", to), " ", h("label", {}, "Port ", port), " ", h("label", {}, "Protocol ", protocol), " ", h("button", { type: "submit" }, "Show the path")),
    answer,
  ];
}
