// Events as they come, the newest first.
import { follow } from "./api.js";
import { h } from "./dom.js";

const most = 50;
const words = { containerCreation: "started", containerDeletion: "ended", oom: "out of memory", oomKill: "killed for memory" };
const path = "/api/v2.1/events?stream=true&all_events=true&subcontainers=true";

function line(event) {
  const code = event.event_data?.container_deletion?.exit_code;
  const victim = event.event_data?.oom;
  const more = code !== undefined ? ` (exit code ${code})` : victim ? ` (${victim.process_name}, ${victim.pid})` : "";
  return h("li", { class: event.event_type },
    h("time", { datetime: event.timestamp }, new Date(event.timestamp).toLocaleTimeString()), " ",
    h("strong", {}, words[event.event_type] ?? event.event_type), " ", h("code", {}, event.container_name), more);
}

/** A list that fills itself until `signal` is raised. */
export function eventList(signal) {
  const none = h("li", { class: "quiet" }, "Nothing has happened since this page was opened.");
  const list = h("ol", { class: "events", "aria-live": "polite" }, none);
  const take = (event) => {
    none.remove();
    list.prepend(line(event));
    while (list.children.length > most) list.lastChild.remove();
  };
  const run = async () => {
    while (!signal.aborted) {
      await follow(path, take, signal).catch(() => {});
      await new Promise((resume) => setTimeout(resume, 3000));
    }
  };
  run();
  return list;
}
