// What the containers and the node used since the page was opened: counters become rates. Pure.

export const mostPoints = 150;

/** Nanoseconds or bytes between two readings, for each second; null where the counter began again. */
function perSecond(now, before, seconds) {
  if (now === undefined || before === undefined || seconds <= 0 || now < before) return null;
  return (now - before) / seconds;
}

/** One point out of a reading and the one before it. */
export function pointOf(reading, before) {
  const at = Date.parse(reading.measured);
  const seconds = before ? (at - Date.parse(before.measured)) / 1000 : 0;
  const of = (path) => path.split(".").reduce((value, key) => value?.[key], reading);
  const was = (path) => path.split(".").reduce((value, key) => value?.[key], before);
  const speed = (path) => perSecond(of(path), was(path), seconds);
  const nano = (path) => {
    const value = speed(path);
    return value === null ? null : value / 1e9;
  };
  return {
    at,
    cpu: nano("cpu.usage_ns"), user: nano("cpu.user_ns"), system: nano("cpu.system_ns"), throttled: nano("cpu.throttled_ns"),
    memory: reading.memory?.working_set ?? null, cache: reading.memory?.cache ?? null, memoryLimit: reading.memory?.limit ?? null,
    received: speed("network.rx_bytes"), sent: speed("network.tx_bytes"),
    read: speed("io.read_bytes"), written: speed("io.write_bytes"),
    tasks: reading.threads ?? null,
    pressureCpu: reading.pressure?.cpu ?? null, pressureMemory: reading.pressure?.memory ?? null, pressureIo: reading.pressure?.io ?? null,
  };
}

export class History {
  constructor() {
    this.last = new Map();
    this.points = new Map();
  }

  /** A new answer of /v1/containers; what is not in it any more is forgotten. */
  take(answer) {
    const seen = new Set(["node"]);
    if (answer.node) this.add("node", answer.node);
    for (const one of answer.containers) {
      seen.add(one.id);
      if (one.measured) this.add(one.id, one);
    }
    for (const id of [...this.points.keys()]) {
      if (seen.has(id)) continue;
      this.points.delete(id);
      this.last.delete(id);
    }
  }

  add(id, reading) {
    const before = this.last.get(id);
    if (before?.measured === reading.measured) return;
    const points = this.points.get(id) ?? [];
    points.push(pointOf(reading, before));
    if (points.length > mostPoints) points.splice(0, points.length - mostPoints);
    this.points.set(id, points);
    this.last.set(id, reading);
  }

  of(id) {
    return this.points.get(id) ?? [];
  }

  latest(id) {
    return this.of(id).at(-1) ?? null;
  }
}
