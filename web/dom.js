// Elements without HTML text: what comes from the node is text wherever it stands.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

/** An HTML element; attributes that begin with "on" are listeners. Children are elements or texts. */
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** The same in SVG. */
export const s = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** A table with a head. A cell is a text, an element, or {text, className}. */
export function table(caption, titles, rows) {
  const cell = (tag, what) => {
    if (what instanceof Node || typeof what !== "object" || what === null) return h(tag, tag === "th" ? { scope: "col" } : {}, what ?? "");
    return h(tag, { class: what.className, title: what.title }, what.text ?? "");
  };
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", {}, h("caption", { class: "quiet" }, caption),
      h("thead", {}, h("tr", {}, titles.map((one) => cell("th", one)))),
      h("tbody", {}, rows.length === 0 && h("tr", {}, h("td", { class: "quiet", colspan: titles.length }, "none")), rows.map((row) => h("tr", {}, row.map((one) => cell("td", one)))))));
}

/** Puts `made` in the place of what `place` holds, unless it is the same. */
export function replace(place, ...made) {
  place.replaceChildren(...made.flat().filter(Boolean));
}
