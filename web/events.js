// Events: the last ones that the service remembers, then those that come, the newest first.
import { follow, get, query } from "./api.js";
import { h, replace } from "./dom.js";
import { containerName, podName } from "./format.js";

const most = 50;
const againMs = 3000;
const words = { containerCreation: "started", containerDeletion: "ended", oom: "out of memory", oomKill: "killed for memory" };
const all = { all_events: true, subcontainers: true };
const path = `/api/v2.1/events?${query({ ...all, stream: true })}`;

const keyOf = (event) => `${event.timestamp} ${event.event_type} ${event.container_name}`;

/** A container that nobody has named by its id, as short as elsewhere; its whole path is the title. */
const shortCgroup = (cgroup) => /[0-9a-f]{64}/.exec(cgroup)?.[0].slice(0, 12) ?? cgroup;

function line(event, whose) {
  const code = event.event_data?.container_deletion?.exit_code;
  const victim = event.event_data?.oom;
  const more = code !== undefined && code >= 0 ? ` (exit code ${code})` : victim?.process_name ? ` (${victim.process_name}, ${victim.pid})` : "";
  const when = new Date(event.timestamp);
  return h("li", { class: event.event_type, "data-key": keyOf(event) },
    h("time", { datetime: event.timestamp, title: when.toLocaleString() }, when.toLocaleTimeString()), " ",
    h("strong", {}, words[event.event_type] ?? event.event_type), " ", whose, more);
}

/** Raised when the page is hidden or `signal` is: an open stream keeps the service looking, for nobody. */
function untilHidden(signal) {
  const hidden = new AbortController();
  document.addEventListener("visibilitychange", () => hidden.abort(), { once: true, signal });
  return AbortSignal.any([hidden.signal, signal]);
}

const whenVisible = (signal) => new Promise((resume) => {
  if (!document.hidden || signal.aborted) resume();
  else document.addEventListener("visibilitychange", resume, { once: true, signal });
});

/** A list that fills itself until `signal` is raised. */
export class EventList {
  constructor(signal) {
    this.signal = signal;
    this.none = h("li", { class: "quiet" }, "None is remembered; those that come will be here.");
    this.element = h("ol", { class: "events", "aria-live": "polite", tabindex: 0, "aria-label": "Events" }, this.none);
    this.unnamed = new Map();
    this.names = new Map();
    this.run();
  }

  /** Events name cgroups; people name containers. */
  update(containers) {
    this.names = new Map(containers.map((one) => [one.cgroup, one]));
    for (const [element, cgroup] of this.unnamed) this.name(element, cgroup);
  }

  name(element, cgroup) {
    const one = this.names.get(cgroup);
    if (!one) return;
    this.unnamed.delete(element);
    replace(element, h("a", { href: `#/container/${one.id}` }, [podName(one), containerName(one)].filter(Boolean).join("/")));
  }

  /** Each once, at its time. */
  take(event) {
    const shown = [...this.element.children];
    if (shown.some((one) => one.dataset.key === keyOf(event))) return;
    this.none.remove();
    const whose = h("span", { title: event.container_name }, h("code", {}, shortCgroup(event.container_name)));
    this.unnamed.set(whose, event.container_name);
    this.name(whose, event.container_name);
    const older = shown.find((one) => one !== this.none && one.dataset.key < keyOf(event));
    this.element.insertBefore(line(event, whose), older ?? null);
    while (this.element.children.length > most) {
      this.unnamed.delete(this.element.lastChild.querySelector("span"));
      this.element.lastChild.remove();
    }
  }

  /** Those of before, and of the time without a stream. */
  async catchUp(until) {
    for (const one of await get(`/api/v2.1/events?${query({ ...all, max_events: most })}`, until)) this.take(one);
  }

  async run() {
    while (!this.signal.aborted) {
      await whenVisible(this.signal);
      const until = untilHidden(this.signal);
      await Promise.all([follow(path, (one) => this.take(one), until), this.catchUp(until)]).catch(() => {});
      await new Promise((resume) => setTimeout(resume, againMs));
    }
  }
}
