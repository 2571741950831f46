// The one place that asks the service. A token is kept here, in memory only.

let token = null;
const limitMs = 15000;

/** What went wrong: kind is "denied", "gone", "unreachable", "late" or "failed". */
export class Failure extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

export function useToken(text) {
  token = text || null;
}

function kindOf(status) {
  if (status === 401 || status === 403) return "denied";
  if (status === 404) return "gone";
  return status === 504 ? "late" : "failed";
}

async function sentenceOf(answer) {
  const text = (await answer.text()).trim();
  try {
    return JSON.parse(text).error?.message ?? text;
  } catch {
    return text || `status ${answer.status}`;
  }
}

async function send(path, options, signal) {
  const headers = { ...(options.headers ?? {}) };
  if (token) headers.Authorization = `Bearer ${token}`;
  let answer;
  try {
    answer = await fetch(path, { ...options, headers, signal, cache: "no-store", credentials: "omit", redirect: "error" });
  } catch (why) {
    if (why.name === "TimeoutError") throw new Failure("late", "no answer in time");
    if (why.name === "AbortError") throw why;
    throw new Failure("unreachable", "the service does not answer");
  }
  if (!answer.ok) throw new Failure(kindOf(answer.status), await sentenceOf(answer));
  return answer;
}

const within = (signal, ms = limitMs) => AbortSignal.any([AbortSignal.timeout(ms), ...(signal ? [signal] : [])]);

/** The JSON of a GET. */
export async function get(path, signal, ms = limitMs) {
  return (await send(path, {}, within(signal, ms))).json();
}

/** The JSON of a processor. */
export async function post(path, parameters, signal) {
  const body = JSON.stringify(parameters);
  return (await send(path, { method: "POST", body, headers: { "Content-Type": "application/json" } }, within(signal))).json();
}

/** Calls `take` with each JSON line of an answer that does not end, until it does. */
export async function follow(path, take, signal) {
  const answer = await send(path, {}, signal);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    kept += value;
    const lines = kept.split("\n");
    kept = lines.pop();
    for (const line of lines) if (line) take(JSON.parse(line));
  }
}

export const query = (parameters) => new URLSearchParams(parameters).toString();
