// What the containers and the node used in the last minutes: counters become rates. Pure.

/** Of each: ten minutes at one in three seconds. */
export const mostPoints = 200;
/** Between points that are further apart than this, nothing is known: a gap, and no line across it. */
export const gapMs = 20000;
/** What is kept every second is taken up at about the pace of the page. */
const paceMs = 2500;
const leastMs = 500;

/** Nanoseconds or bytes between two readings, for each second; null where the counter began again. */
function perSecond(now, before, seconds) {
  if (now === undefined || before === undefined || seconds <= 0 || now < before) return null;
  return (now - before) / seconds;
}

const isGap = (before, at) => at - before > gapMs;
const gapAfter = (point) => ({ at: point.at + 1, gap: true });

/** One point out of a reading and the one before it; `alone`: without one, it has no rates. */
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
    at, alone: !before,
    cpu: nano("cpu.usage_ns"), user: nano("cpu.user_ns"), system: nano("cpu.system_ns"), throttled: nano("cpu.throttled_ns"),
    memory: reading.memory?.working_set ?? null, cache: reading.memory?.cache ?? null, memoryLimit: reading.memory?.limit ?? null,
    received: speed("network.rx_bytes"), sent: speed("network.tx_bytes"),
    read: speed("io.read_bytes"), written: speed("io.write_bytes"),
    tasks: reading.threads ?? null,
    pressureCpu: reading.pressure?.cpu ?? null, pressureMemory: reading.pressure?.memory ?? null, pressureIo: reading.pressure?.io ?? null,
  };
}

/** The points of readings in a row, about as many as the page would have made of them. */
export function pointsOf(readings) {
  const made = [];
  let before;
  for (const one of readings) {
    const at = Date.parse(one.measured);
    if (before && at - Date.parse(before.measured) < paceMs) continue;
    const joined = before && !isGap(Date.parse(before.measured), at) ? before : undefined;
    made.push(pointOf(one, joined));
    before = one;
  }
  return made;
}

/** Both in one row. Of one moment, that of `now` counts; where neither has a point, there is a gap. */
export function merged(now, older) {
  const kept = now.filter((one) => !one.gap && !(one.alone && older.some((other) => Math.abs(other.at - one.at) < gapMs)));
  const added = older.filter((one) => !kept.some((other) => Math.abs(other.at - one.at) < paceMs));
  const all = [...kept, ...added].sort((a, b) => a.at - b.at);
  return all.flatMap((one, i) => (i > 0 && isGap(all[i - 1].at, one.at) ? [gapAfter(all[i - 1]), one] : [one])).slice(-mostPoints);
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
    // Two at once: rates over so short a time are noise.
    if (before && Math.abs(Date.parse(reading.measured) - Date.parse(before.measured)) < leastMs) return;
    const points = this.points.get(id) ?? [];
    const gap = before && isGap(Date.parse(before.measured), Date.parse(reading.measured));
    if (gap) points.push(gapAfter(points.at(-1)));
    points.push(pointOf(reading, gap ? undefined : before));
    if (points.length > mostPoints) points.splice(0, points.length - mostPoints);
    this.points.set(id, points);
    this.last.set(id, reading);
  }

  /** What was read by somebody else, before and in between. */
  fill(id, readings) {
    this.points.set(id, merged(this.of(id), pointsOf(readings)));
    const newest = readings.at(-1);
    const last = this.last.get(id);
    // So that the next reading has one before it.
    if (newest && (!last || Date.parse(last.measured) < Date.parse(newest.measured))) this.last.set(id, newest);
  }

  of(id) {
    return this.points.get(id) ?? [];
  }

  /** The newest point that is one. */
  latest(id) {
    return this.of(id).findLast((one) => !one.gap) ?? null;
  }
}
