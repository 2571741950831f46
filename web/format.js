// Figures as people read them. Pure.

export function bytes(count) {
  if (count === null || count === undefined || !Number.isFinite(count)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = count;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || Math.abs(value) >= 100 ? 0 : 1)} ${units[unit]}`;
}

export const rate = (perSecond) => (perSecond === null || perSecond === undefined ? "–" : `${bytes(perSecond)}/s`);

export function cores(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value < 0.0005) return "0";
  return value < 1 ? `${Math.round(value * 1000)}m` : value.toFixed(2);
}

export function age(since, now = Date.now()) {
  const began = Date.parse(since ?? "");
  if (Number.isNaN(began)) return "–";
  const seconds = Math.max(0, Math.round((now - began) / 1000));
  const steps = [[86400, "d"], [3600, "h"], [60, "m"]];
  for (let i = 0; i < steps.length; i += 1) {
    const [length, unit] = steps[i];
    if (seconds < length) continue;
    const next = steps[i + 1];
    const rest = next ? Math.floor((seconds % length) / next[0]) : 0;
    return rest > 0 ? `${Math.floor(seconds / length)}${unit}${rest}${next[1]}` : `${Math.floor(seconds / length)}${unit}`;
  }
  return `${seconds}s`;
}

export const shortId = (id) => (id ?? "").slice(0, 12);

/** "default/web-0", or the name alone. */
export const podName = (container) => (container.pod ? `${container.pod.namespace}/${container.pod.name}` : "");

export const containerName = (container) => container.pod?.container || (container.name !== container.id && container.name) || shortId(container.id);
