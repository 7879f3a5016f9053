// What lies beside the drawing: buttons, legend, layer switches, tooltip, station signs.
// All text goes through textContent; nothing here reads HTML.

const SVG = "http://www.w3.org/2000/svg";

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function svg(size, ...shapes) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("viewBox", `0 0 ${size} ${size}`);
  made.setAttribute("aria-hidden", "true");
  for (const [tag, attributes] of shapes) {
    const shape = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    made.append(shape);
  }
  return made;
}

const stroke = (d) => ["path", {
  d, fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round",
  "stroke-linejoin": "round",
}];
const ICONS = {
  zoom_in: () => svg(20, stroke("M10 4v12M4 10h12")),
  zoom_out: () => svg(20, stroke("M4 10h12")),
  fit: () => svg(20, stroke("M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4"), ["circle", {
    cx: 10, cy: 10, r: 2.2, fill: "currentColor",
  }]),
  full_screen: () => svg(20, stroke("M12 8l5-5M17 8V3h-5M8 12l-5 5M3 12v5h5")),
  layers: () => svg(20, stroke("M10 3l7 4-7 4-7-4zM3 10.5l7 4 7-4M3 13.8l7 4 7-4")),
  legend: () => svg(20, stroke("M9 5h8M9 10h8M9 15h8"), ["path", {
    d: "M3 3.5h3v3H3zM3 8.5h3v3H3zM3 13.5h3v3H3z", fill: "currentColor",
  }]),
};

const STAR = "M12 2.6l2.8 6 6.6.8-4.9 4.5 1.3 6.5-5.8-3.3-5.8 3.3 1.3-6.5L2.6 9.4l6.6-.8z";

/** A station: a white star on a disc of its colour; hollow: the outline of both. */
function stationSign(colour, isHollow) {
  return svg(28,
    ["circle", {
      cx: 14, cy: 14, r: 11.5, fill: isHollow ? "#ffffff" : colour,
      stroke: isHollow ? colour : "#ffffff", "stroke-width": isHollow ? 2.4 : 1.8,
    }],
    ["path", {
      d: STAR, transform: "translate(5.4 5.2) scale(.717)", fill: isHollow ? "none" : "#ffffff",
      stroke: isHollow ? colour : "none", "stroke-width": 2.2, "stroke-linejoin": "round",
    }],
  );
}

const line = (colour, dash) => svg(20, ["path", {
  d: "M1 10h18", stroke: colour, "stroke-width": 3, fill: "none", "stroke-dasharray": dash,
}]);
const SWATCHES = {
  fill: (c) => svg(20, ["rect", {
    x: 1, y: 3, width: 18, height: 14, rx: 2, fill: c, stroke: "#5b6b7a", "stroke-opacity": 0.45,
  }]),
  line: (c) => line(c, "none"),
  dash: (c) => line(c, "5 3"),
  dotted: (c) => line(c, "2 2.6"),
  dot: (c) => svg(20, ["circle", {
    cx: 10, cy: 10, r: 6.5, fill: c, stroke: "#5b6b7a", "stroke-opacity": 0.6,
  }]),
  diamond: (c) => svg(20, ["path", { d: "M10 2l8 8-8 8-8-8z", fill: c, stroke: "#ffffff" }]),
  star: (c) => stationSign(c, false),
  hollow_star: (c) => stationSign(c, true),
  hatch: (c) => svg(20,
    ["rect", { x: 1, y: 3, width: 18, height: 14, rx: 2, fill: "none", stroke: c }],
    ["path", { d: "M2 10l7-7M4 16L17 3.6M11 16.6l8-8", stroke: c, "stroke-width": 1.6, fill: "none" }],
  ),
};

function button(name, label, onClick) {
  const made = element("button", `rg-button rg-${name}`);
  made.type = "button";
  made.title = label;
  made.setAttribute("aria-label", label);
  made.append(ICONS[name]());
  made.addEventListener("click", onClick);
  return made;
}

/** A box with a heading that a button opens and closes. */
class Panel {
  constructor(name, label, isOpen) {
    this.root = element("section", `rg-panel rg-panel-${name}`);
    this.head = element("button", "rg-panel-head");
    this.head.type = "button";
    this.title = element("span");
    this.head.append(ICONS[name](), this.title);
    this.body = element("div", "rg-panel-body");
    this.root.append(this.head, this.body);
    this.head.addEventListener("click", () => this.open(!this.isOpen));
    this.rename(label);
    this.open(isOpen);
  }

  rename(label) {
    this.title.textContent = label;
    this.root.setAttribute("aria-label", label);
  }

  open(isOpen) {
    this.isOpen = isOpen;
    this.head.setAttribute("aria-expanded", String(isOpen));
    this.body.hidden = !isOpen;
  }
}

function fillLegend(body, legends, toned) {
  body.replaceChildren(...legends.map(({ title, items }) => {
    const group = element("div", "rg-legend");
    if (title) group.append(element("h4", "", title));
    const list = element("ul");
    for (const { label, colour, sign } of items) {
      const row = element("li");
      row.append((SWATCHES[sign] ?? SWATCHES.fill)(toned(colour)), element("span", "", label));
      list.append(row);
    }
    group.append(list);
    return group;
  }));
}

/** One switch a layer, kept while the layer stays so that the keyboard focus is not lost. */
function fillSwitches(body, layers, isShown, onToggle) {
  const known = new Map([...body.children].map((row) => [row.dataset.layer, row]));
  const rows = layers.map(({ id, title }) => {
    const row = known.get(id) ?? element("label", "rg-switch");
    if (!row.firstChild) {
      const box = element("input");
      box.type = "checkbox";
      box.addEventListener("change", () => onToggle(id, box.checked));
      row.dataset.layer = id;
      row.append(box, element("span"));
    }
    row.firstChild.checked = isShown(id);
    row.lastChild.textContent = title;
    return row;
  });
  if (rows.length !== body.children.length || rows.some((row, i) => body.children[i] !== row)) {
    body.replaceChildren(...rows);
  }
}

/** Name and figures of a feature beside the pointer. */
function fillTooltip(tip, name, rows) {
  const list = element("dl");
  for (const [label, text] of rows) {
    list.append(element("dt", "", label), element("dd", "", text));
  }
  tip.replaceChildren(...(name ? [element("strong", "", name)] : []), ...(rows.length ? [list] : []));
}

function placeTooltip(tip, x, y, width, height) {
  tip.hidden = false;
  const left = x + 16 + tip.offsetWidth > width ? x - 14 - tip.offsetWidth : x + 16;
  const top = Math.min(y + 14, height - tip.offsetHeight - 6);
  tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
}
