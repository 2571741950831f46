// The page: which view is shown, what is asked again and again, keys, and what is said where something does not answer.
import { Failure, get, useToken } from "./api.js";
import { ContainerView } from "./container.js";
import { h, replace } from "./dom.js";
import { History } from "./history.js";
import { NodeView } from "./node.js";
import { WiringView } from "./wiring.js";

const everyMs = 3000;
/** Addresses and processes of containers seldom change, and cost a look at each. */
const processesEveryMs = 15000;
const place = document.getElementById("main");
const state = document.getElementById("state");
const filter = document.getElementById("filter");
const dialog = document.getElementById("ask-token");

/** What views see. */
const app = { answer: null, history: new History(), filter: "", signal: null };
let view = null;
let leaving = null;
let answeredAt = null;
let denied = false;
let processesAt = 0;
/** The view gave way to a sentence. */
let blank = false;

function viewFor(hash) {
  const [, name, id] = hash.split("/");
  if (name === "wiring") return new WiringView(app);
  if (name === "container" && id) return new ContainerView(app, decodeURIComponent(id));
  return new NodeView(app);
}

function show() {
  leaving?.abort();
  leaving = new AbortController();
  app.signal = leaving.signal;
  view?.destroy();
  view = viewFor(window.location.hash);
  replace(place, view.element);
  document.title = `${view.title} – nodescope`;
  for (const link of document.querySelectorAll("nav a")) {
    if (window.location.hash.startsWith(link.getAttribute("href"))) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  view.update();
}

function say(kind, text) {
  if (state.dataset.kind === kind && state.textContent === text) return;
  state.dataset.kind = kind;
  state.textContent = text;
}

function tellFailure(why) {
  const old = answeredAt ? ` What is shown is of ${new Date(answeredAt).toLocaleTimeString()}.` : "";
  if (why.kind === "denied") {
    denied = true;
    say("denied", `The service does not let this page ask: ${why.message}`);
    askForToken(why.message);
  } else if (why.kind === "unreachable") {
    say("stale", `The service does not answer; asking again.${old}`);
  } else {
    say("stale", `${why.message}.${old}`);
  }
  if (!answeredAt && why.kind !== "denied") {
    blank = true;
    replace(place, h("p", { class: "failed" }, "Nothing could be read of this node yet."));
  }
}

/** What only a look at processes tells, of those that the answer before knew. */
function keepProcesses(answer, before) {
  const known = new Map((before?.containers ?? []).map((one) => [one.id, one]));
  for (const one of answer.containers) {
    const { pid = null, netns = null, addresses = null } = known.get(one.id) ?? {};
    Object.assign(one, { pid, netns, addresses });
    // Not before the next look would a new one have its addresses.
    if (!known.has(one.id)) processesAt = 0;
  }
}

async function ask() {
  if (document.hidden || denied) return;
  try {
    // The first answer comes soonest without them.
    const whole = app.answer !== null && Date.now() - processesAt > processesEveryMs;
    const answer = await get(whole ? "/v1/containers" : "/v1/containers?processes=false");
    answeredAt = Date.now();
    if (whole) processesAt = answeredAt;
    else keepProcesses(answer, app.answer);
    app.answer = answer;
    app.history.take(app.answer);
    const notes = Object.values(app.answer.notes);
    say(notes.length > 0 ? "note" : "fine", notes.join("; "));
    if (blank) show();
    else view.update();
    blank = false;
  } catch (why) {
    if (!(why instanceof Failure)) throw why;
    tellFailure(why);
  }
}

async function keepAsking() {
  await ask();
  for (;;) {
    await ask();
    await new Promise((resume) => setTimeout(resume, everyMs));
  }
}

function askForToken(why) {
  if (dialog.open) return;
  document.getElementById("token-why").textContent = why;
  dialog.returnValue = "";
  dialog.showModal();
}

dialog.addEventListener("close", () => {
  const input = document.getElementById("token");
  if (dialog.returnValue === "ok") {
    useToken(input.value.trim());
    denied = false;
    ask();
  } else {
    state.append(" ", h("button", { type: "button", onclick: () => askForToken("") }, "Type a token"));
  }
  input.value = "";
});

filter.addEventListener("input", () => {
  app.filter = filter.value;
  if (view.draw && view.topology) view.draw();
  else view.update();
});

document.getElementById("theme").addEventListener("click", () => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  if (view.draw && view.topology) view.draw();
});

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (view.draw && view.topology) view.draw();
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select");
  if (event.key === "Escape") {
    if (typing) event.target.blur();
    if (filter.value) {
      filter.value = "";
      filter.dispatchEvent(new Event("input"));
    } else if (!typing && !dialog.open && window.location.hash.startsWith("#/container")) {
      window.history.back();
    }
    return;
  }
  if (typing || dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    filter.focus();
  } else if (view.key(event)) {
    event.preventDefault();
  }
});

window.addEventListener("hashchange", show);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  ask();
  view.fill?.();
});
if (!window.location.hash) window.history.replaceState(null, "", "#/node");
show();
keepAsking();
