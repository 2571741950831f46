// Findings as a list, the most severe first, as they come.
import { get, query } from "./api.js";
import { h } from "./dom.js";

/** Those of hundreds of networks take their time. */
const limitMs = 60000;

/** "container=web": whose findings. */
export async function findings(whose, signal) {
  return get(`/v1/findings?${typeof whose === "string" ? whose : query(whose)}`, signal, whose === "all" ? limitMs : undefined);
}

function place(subject) {
  return [subject.container?.name, subject.ifname].filter(Boolean).join(" ");
}

function item(one) {
  const evidence = Object.entries(one.evidence).map(([key, value]) => `${key}: ${value}`).join(", ");
  return h("li", { class: `finding ${one.severity}` },
    h("p", {}, h("strong", { class: "severity" }, one.severity), " ", h("code", {}, one.rule), " ", h("span", { class: "place" }, place(one.subject))),
    h("p", {}, one.summary),
    evidence && h("p", { class: "quiet" }, evidence),
    h("p", { class: "hint" }, one.hint));
}

export function findingsList(answer) {
  const remarks = [...Object.entries(answer.not_checked), ...Object.entries(answer.notes)].map(([about, why]) => h("li", {}, `${about}: ${why}`));
  return [
    answer.findings.length > 0
      ? h("ul", { class: "findings" }, answer.findings.map(item))
      : h("p", { class: "fine" }, `Nothing is wrong as far as ${answer.checked.length} rules can tell.`),
    remarks.length > 0 && h("details", {}, h("summary", {}, `${remarks.length} ${remarks.length === 1 ? "remark" : "remarks"}`), h("ul", { class: "quiet" }, remarks)),
  ];
}
