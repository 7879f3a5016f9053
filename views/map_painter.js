// Geometry in the browser: decoding, the canvas sheets that draw it, and what lies under a point.
// One module with leaflet.js before and map.js after it (see live_map.py).

/** Web Mercator of the whole world in [0, 1]; Leaflet's EPSG:3857 pixels are this times 256·2^z. */
const mercatorX = (lon) => lon / 360 + 0.5;
const mercatorY = (lat) => {
  const sine = Math.sin((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
};

async function gunzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

/**
 * Flatten a GeoJSON FeatureCollection: `xy` of all vertices; part p (ring, line or point) holds the
 * vertices partStart[p] … partStart[p+1]; feature f the parts featureStart[f] … featureStart[f+1].
 */
function flatten(collection) {
  const xy = [], partStart = [0], featureStart = [0], ids = [], isArea = [];
  const addPart = (points) => {
    for (const [lon, lat] of points) xy.push(mercatorX(lon), mercatorY(lat));
    partStart.push(xy.length / 2);
  };
  const add = { // every geometry as a list of parts
    Point: (c) => addPart([c]),
    MultiPoint: (c) => c.forEach((point) => addPart([point])),
    LineString: (c) => addPart(c),
    MultiLineString: (c) => c.forEach(addPart),
    Polygon: (c) => c.forEach(addPart),
    MultiPolygon: (c) => c.forEach((rings) => rings.forEach(addPart)),
  };
  const addGeometry = (geometry) => {
    if (geometry.type === "GeometryCollection") geometry.geometries.forEach(addGeometry);
    else add[geometry.type]?.(geometry.coordinates);
  };
  for (const feature of collection.features) {
    if (feature.geometry) addGeometry(feature.geometry);
    ids.push(String(feature.id));
    isArea.push(/Polygon|Collection/.test(feature.geometry?.type ?? ""));
    featureStart.push(partStart.length - 1);
  }
  const shape = {
    ids, isArea, n: ids.length,
    index: new Map(ids.map((id, i) => [id, i])),
    xy: Float64Array.from(xy),
    partStart: Uint32Array.from(partStart),
    featureStart: Uint32Array.from(featureStart),
  };
  shape.boxes = boxesOf(shape);
  shape.anchors = new Map(); // where a label stands, worked out when first asked for
  return shape;
}

function boxesOf(shape) {
  const boxes = new Float64Array(4 * shape.n);
  for (let f = 0; f < shape.n; f++) {
    let west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
    const end = shape.partStart[shape.featureStart[f + 1]];
    for (let v = shape.partStart[shape.featureStart[f]]; v < end; v++) {
      const x = shape.xy[2 * v], y = shape.xy[2 * v + 1];
      if (x < west) west = x;
      if (x > east) east = x;
      if (y < north) north = y;
      if (y > south) south = y;
    }
    boxes.set([west, north, east, south], 4 * f);
  }
  return boxes;
}

/** Where a label stands: inside an area (middle of its widest chord), or its northernmost point. */
function anchorOf(shape, f, atEdge) {
  const known = shape.anchors.get(f);
  if (known) return known;
  const [west, north, east, south] = shape.boxes.subarray(4 * f, 4 * f + 4);
  let anchor = [(west + east) / 2, (north + south) / 2];
  if (shape.isArea[f] && atEdge) anchor = northernmost(shape, f);
  else if (shape.isArea[f]) {
    let widest = 0;
    for (const share of [0.5, 0.4, 0.6, 0.3, 0.7]) {
      const y = north + share * (south - north);
      const chord = widestChord(shape, f, y);
      if (chord && chord[1] - chord[0] > widest * 1.15) {
        widest = chord[1] - chord[0];
        anchor = [(chord[0] + chord[1]) / 2, y];
      }
    }
  }
  shape.anchors.set(f, anchor);
  return anchor;
}

function northernmost(shape, f) {
  let best = shape.partStart[shape.featureStart[f]];
  const end = shape.partStart[shape.featureStart[f + 1]];
  for (let v = best; v < end; v++) if (shape.xy[2 * v + 1] < shape.xy[2 * best + 1]) best = v;
  return [shape.xy[2 * best], shape.xy[2 * best + 1]];
}

/** Call visit(x0, y0, x1, y1) for each side of a feature. */
function eachSide(shape, f, visit) {
  for (let p = shape.featureStart[f]; p < shape.featureStart[f + 1]; p++) {
    for (let v = shape.partStart[p] + 1; v < shape.partStart[p + 1]; v++) {
      visit(shape.xy[2 * v - 2], shape.xy[2 * v - 1], shape.xy[2 * v], shape.xy[2 * v + 1]);
    }
  }
}

function widestChord(shape, f, y) {
  const cuts = [];
  eachSide(shape, f, (x0, y0, x1, y1) => {
    if (y0 > y !== y1 > y) cuts.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
  });
  cuts.sort((a, b) => a - b);
  let widest = null;
  for (let i = 0; i + 1 < cuts.length; i += 2) {
    if (!widest || cuts[i + 1] - cuts[i] > widest[1] - widest[0]) widest = [cuts[i], cuts[i + 1]];
  }
  return widest;
}

function isInside(shape, f, x, y) {
  let inside = false;
  eachSide(shape, f, (x0, y0, x1, y1) => {
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
  });
  return inside;
}

function isNearLine(shape, f, x, y, reach) {
  let near = false;
  eachSide(shape, f, (x0, y0, x1, y1) => {
    if (near) return;
    const dx = x1 - x0, dy = y1 - y0, squared = dx * dx + dy * dy;
    const t = squared ? Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / squared)) : 0;
    near = Math.hypot(x - x0 - t * dx, y - y0 - t * dy) <= reach;
  });
  return near;
}

/** The topmost feature of a drawn layer under a point (Mercator), or -1; `pixel` in Mercator. */
function featureAt(layer, x, y, pixel) {
  const { shape, about } = layer;
  const lineOnly = about.kind === "line" || about.style.hit === "line";
  for (let f = shape.n - 1; f >= 0; f--) {
    const style = styleOf(layer, f);
    const reach = pixel * (about.kind === "point" ? style.radius + 3 : lineOnly ? 6 : 0);
    const b = 4 * f;
    if (x < shape.boxes[b] - reach || x > shape.boxes[b + 2] + reach) continue;
    if (y < shape.boxes[b + 1] - reach || y > shape.boxes[b + 3] + reach) continue;
    if (about.kind === "point") {
      if (Math.hypot(x - shape.boxes[b], y - shape.boxes[b + 1]) <= reach) return f;
    } else if (lineOnly ? isNearLine(shape, f, x, y, reach) : isInside(shape, f, x, y)) return f;
  }
  return -1;
}

const PLAIN = {
  colour: "#5b6b7a", weight: 1, opacity: 1, fill_opacity: 0.7, radius: 5, dash: "", shape: "circle",
};
const styleOf = (layer, f) => layer.styles?.get(f) ?? layer.style;
const colourOf = (layer, f) => layer.colours?.[f];

/** A canvas that moves with the map; `paint(context, view)` fills it after each move. */
const Sheet = L.Renderer.extend({
  initialize(paint, options) {
    L.Util.setOptions(this, options);
    L.Util.stamp(this);
    this._layers = {};
    this._paint = paint;
  },
  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.setAttribute("aria-hidden", "true");
    this._context = this._container.getContext("2d");
  },
  _destroyContainer() {
    L.DomUtil.remove(this._container);
    delete this._container;
    delete this._context;
  },
  _updatePaths() {},
  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize(), ratio = Math.min(window.devicePixelRatio || 1, 2);
    L.DomUtil.setPosition(this._container, this._bounds.min);
    if (this._container.width !== ratio * size.x || this._container.height !== ratio * size.y) {
      this._container.width = ratio * size.x;
      this._container.height = ratio * size.y;
      this._container.style.width = `${size.x}px`;
      this._container.style.height = `${size.y}px`;
    }
    this._ratio = ratio;
    this.redraw();
  },
  redraw() {
    if (!this._map || !this._bounds) return;
    const context = this._context, size = this._bounds.getSize();
    context.setTransform(this._ratio, 0, 0, this._ratio, 0, 0);
    context.clearRect(0, 0, size.x, size.y);
    const scale = 256 * 2 ** this._zoom;
    const corner = this._map.getPixelOrigin().add(this._bounds.min);
    this._paint(context, {
      scale, left: corner.x, top: corner.y, width: size.x, height: size.y, zoom: this._zoom,
    });
  },
});

/** Whether a feature's box, widened by `margin` pixels, meets the sheet. */
function isVisible(shape, f, view, margin = 20) {
  const { scale, left, top, width, height } = view, b = 4 * f;
  return shape.boxes[b] * scale - left < width + margin
    && shape.boxes[b + 2] * scale - left > -margin
    && shape.boxes[b + 1] * scale - top < height + margin
    && shape.boxes[b + 3] * scale - top > -margin;
}

/** Add a feature to the current path, leaving out vertices closer than 0.6 px to the last. */
function trace(context, shape, f, { scale, left, top }) {
  const { xy, partStart } = shape, closed = shape.isArea[f];
  for (let p = shape.featureStart[f]; p < shape.featureStart[f + 1]; p++) {
    const first = partStart[p], last = partStart[p + 1] - 1;
    let x = xy[2 * first] * scale - left, y = xy[2 * first + 1] * scale - top;
    context.moveTo(x, y);
    for (let v = first + 1; v <= last; v++) {
      const nextX = xy[2 * v] * scale - left, nextY = xy[2 * v + 1] * scale - top;
      if (v < last && Math.abs(nextX - x) < 0.6 && Math.abs(nextY - y) < 0.6) continue;
      x = nextX;
      y = nextY;
      context.lineTo(x, y);
    }
    if (closed) context.closePath();
  }
}

/** Lines grow with the zoom: a street of the overview must not be as wide as a grid. */
const lineGrowth = (zoom, least, most) => Math.max(least, Math.min(most, 2 ** ((zoom - 16) * 0.32)));

function strokePath(context, style, colour, toned, growth) {
  const dash = style.dash ? style.dash.split(" ").map(Number) : [];
  context.lineJoin = "round";
  context.lineCap = dash.length ? "butt" : "round";
  context.setLineDash(dash);
  if (style.casing) {
    context.strokeStyle = toned(style.casing);
    context.globalAlpha = 0.9;
    context.lineWidth = style.weight * growth + 2 * Math.min(1, growth);
    context.stroke();
  }
  context.strokeStyle = colour;
  context.globalAlpha = style.opacity;
  context.lineWidth = style.weight * growth;
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** Lines and outlines of one style go down in one stroke, so that crossings do not darken. */
function paintLayer(context, view, layer, toned, hatch) {
  const { shape, about } = layer;
  const seen = [];
  for (let f = 0; f < shape.n; f++) if (isVisible(shape, f, view)) seen.push(f);
  if (about.kind === "point") {
    for (const f of seen) paintPoint(context, view, layer, f, toned, hatch);
    return;
  }
  if (about.kind === "polygon") {
    // Close by, what lies under the figure matters more: streets, buildings, names.
    const fade = about.is_base ? 1 : Math.max(0.35, Math.min(1, 1 - (view.zoom - 15.5) * 0.4));
    for (const f of seen) {
      const style = styleOf(layer, f);
      context.beginPath();
      trace(context, shape, f, view);
      context.globalAlpha = style.fill_opacity * fade;
      const colour = toned(colourOf(layer, f) ?? style.fill ?? style.colour);
      context.fillStyle = layer.hatched?.has(f) ? hatch(context) : colour;
      context.fill("evenodd");
      context.globalAlpha = 1;
    }
  }
  const growth = about.is_base ? lineGrowth(view.zoom, 0.3, 1.9) : lineGrowth(view.zoom, 0.6, 1.2);
  const ownLines = layer.styles || (about.kind === "line" && layer.colours);
  for (const group of ownLines ? seen.map((f) => [f]) : [seen]) {
    const style = group.length && styleOf(layer, group[0]);
    if (!style || !style.weight) continue;
    context.beginPath();
    for (const f of group) trace(context, shape, f, view);
    const own = ownLines && colourOf(layer, group[0]);
    strokePath(context, style, toned(own || style.colour), toned, growth);
  }
}

function paintPoint(context, { scale, left, top, zoom }, layer, f, toned, hatch) {
  const style = styleOf(layer, f), { shape } = layer;
  const x = shape.xy[2 * shape.partStart[shape.featureStart[f]]] * scale - left;
  const y = shape.xy[2 * shape.partStart[shape.featureStart[f]] + 1] * scale - top;
  context.beginPath();
  pointPath(context, x, y, style.radius * pointGrowth(zoom), style.shape);
  const colour = toned(colourOf(layer, f) ?? style.fill ?? style.colour);
  context.globalAlpha = style.fill_opacity;
  context.fillStyle = layer.hatched?.has(f) ? hatch(context) : colour;
  if (!layer.hollow?.has(f)) context.fill();
  context.globalAlpha = style.opacity;
  context.lineWidth = style.weight;
  context.strokeStyle = layer.hollow?.has(f) ? colour : toned(style.colour);
  if (style.weight) context.stroke();
  context.globalAlpha = 1;
}

const pointGrowth = (zoom) => Math.max(0.6, Math.min(1.9, 1 + (zoom - 15.5) * 0.22));

function pointPath(context, x, y, radius, shape) {
  if (shape === "diamond") {
    context.moveTo(x, y - radius);
    context.lineTo(x + radius, y);
    context.lineTo(x, y + radius);
    context.lineTo(x - radius, y);
    context.closePath();
  } else context.arc(x, y, radius, 0, 2 * Math.PI);
}

const numberIn = (text) => text.match(/\d+/)?.[0];

/** Whether most names of visible areas fit; else "17" stands for "第17网格", everywhere alike. */
function doNamesFit(context, view, { shape }, texts) {
  let fitting = 0, all = 0;
  for (let f = 0; f < shape.n; f++) {
    if (!texts[f] || !numberIn(texts[f]) || !isVisible(shape, f, view, 0)) continue;
    const width = (shape.boxes[4 * f + 2] - shape.boxes[4 * f]) * view.scale;
    all += 1;
    if (context.measureText(texts[f]).width + 4 <= width) fitting += 1;
  }
  return fitting >= 0.9 * all;
}

/** Write names where they fit without touching each other; the topmost layer first. */
function paintLabels(context, view, layers, theme, toned) {
  const taken = [];
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  for (const layer of layers) {
    const { shape, about } = layer;
    if (!about.style.label || view.zoom < (about.style.label_zoom ?? 0)) continue;
    const texts = layer.columns[about.style.label];
    if (!texts) continue;
    const strong = about.kind === "icon";
    context.font = `${strong ? 600 : 500} ${strong ? 12.5 : 11.5}px ${theme.font}`;
    const isShort = about.kind === "polygon" && !doNamesFit(context, view, layer, texts);
    for (let f = 0; f < shape.n; f++) {
      const text = texts[f];
      if (!text || !isVisible(shape, f, view, 0)) continue;
      const [mx, my] = anchorOf(shape, f, about.style.label_at === "edge");
      const x = mx * view.scale - view.left, y = my * view.scale - view.top + (strong ? 14 : 0);
      const width = (shape.boxes[4 * f + 2] - shape.boxes[4 * f]) * view.scale;
      const shown = isShort ? numberIn(text) ?? text : text;
      const half = context.measureText(shown).width / 2 + 2;
      if (about.kind === "polygon" && 2 * half > width) continue;
      const box = [x - half, y - 8, x + half, y + 8];
      const isFree = (b) => box[0] >= b[2] || box[2] <= b[0] || box[1] >= b[3] || box[3] <= b[1];
      if (!taken.every(isFree)) continue;
      taken.push(box);
      if (about.kind === "point") {
        context.fillStyle = isDark(toned(colourOf(layer, f) ?? "#ffffff")) ? "#ffffff" : "#10202e";
      } else {
        context.lineWidth = 3.2;
        context.strokeStyle = theme.halo;
        context.strokeText(shown, x, y);
        context.fillStyle = theme.ink;
      }
      context.fillText(shown, x, y);
    }
  }
}

function isDark(colour) {
  const parts = colour.startsWith("#")
    ? [1, 3, 5].map((i) => parseInt(colour.length === 4 ? colour[(i + 1) / 2].repeat(2) : colour.slice(i, i + 2), 16))
    : (colour.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
  return 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2] < 128;
}

/** Outline a feature: a light line below, a dark one above (in the dark theme the reverse). */
function outline(context, view, layer, f, theme, weight) {
  const { shape, about } = layer;
  context.beginPath();
  if (about.kind === "point" || about.kind === "icon") {
    const v = shape.partStart[shape.featureStart[f]];
    const radius = about.kind === "icon" ? 17 : styleOf(layer, f).radius * pointGrowth(view.zoom) + 3;
    const x = shape.xy[2 * v] * view.scale - view.left, y = shape.xy[2 * v + 1] * view.scale - view.top;
    context.arc(x, y, radius, 0, 2 * Math.PI);
  } else trace(context, shape, f, view);
  context.lineJoin = "round";
  for (const [colour, width] of [[theme.halo, weight + 2.5], [theme.ink, weight]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}
