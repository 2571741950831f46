// What the service has kept of the last two minutes, for charts that have just been opened. Only past() asks, the rest is pure.
import { get } from "./api.js";

/** A path of cgroups as it stands in a URL. */
const inUrl = (cgroup) => cgroup.split("/").map(encodeURIComponent).join("/");

const sum = (all, key) => all.reduce((total, one) => total + (one[key] ?? 0), 0);
const bytesOf = (io, direction) => (io.io_service_bytes ?? []).reduce((total, one) => total + (one.stats?.[direction] ?? 0), 0);

/** A sample of cAdvisor's API as /v1/containers has it. A group that is not measured is left out, and not zero. */
export function readingOf(sample) {
  const has = (name) => sample[`has_${name}`] !== false && sample[name];
  const { cpu, memory, diskio, network, processes } = sample;
  const reading = { measured: sample.timestamp };
  if (has("cpu")) {
    reading.cpu = { usage_ns: cpu.usage.total, user_ns: cpu.usage.user, system_ns: cpu.usage.system, throttled_ns: cpu.cfs?.throttled_time };
  }
  if (has("memory")) reading.memory = { working_set: memory.working_set, cache: memory.cache };
  if (has("network")) {
    const interfaces = network.interfaces ?? [];
    reading.network = { rx_bytes: sum(interfaces, "rx_bytes"), tx_bytes: sum(interfaces, "tx_bytes") };
  }
  if (has("diskio")) reading.io = { read_bytes: bytesOf(diskio, "Read"), write_bytes: bytesOf(diskio, "Write") };
  if (has("processes") && processes.threads_current) reading.threads = processes.threads_current;
  if (cpu?.psi && memory?.psi && diskio?.psi) {
    reading.pressure = { cpu: cpu.psi.some.avg10, memory: memory.psi.some.avg10, io: diskio.psi.some.avg10 };
  }
  return reading;
}

/** The readings of a cgroup that the service has, oldest first; none where it has none or does not say. */
export async function past(cgroup, signal) {
  // v2.1 leaves out "/", and v2.0 the tasks.
  const version = cgroup === "/" ? "v2.0" : "v2.1";
  try {
    const answer = await get(`/api/${version}/stats${inUrl(cgroup)}?count=-1&follow=false`, signal);
    const found = answer[cgroup] ?? [];
    return (found.stats ?? found).map(readingOf);
  } catch {
    return [];
  }
}
