// The live map in the browser: one LiveMap a mounted component, fed by messages of live_map.py.

const maps = new WeakMap(); // parent element -> LiveMap

class LiveMap {
  constructor(parentElement) {
    this.parent = parentElement;
    this.layers = new Map(); // id -> what is drawn
    this.shown = new Map(); // id -> bool, as the user left it
    this.offered = new Map(); // id -> bool, as the page last said
    this.icons = new Map(); // id -> L.LayerGroup
    this.serial = 0;
    this.drawn = 0;
    this.hovered = this.selected = null; // { layer, id }
    this.build();
  }

  build() {
    this.root = element("div", "redgrid-map");
    this.canvas = element("div", "rg-canvas");
    this.tip = element("div", "rg-tip");
    this.tip.setAttribute("role", "tooltip");
    this.tip.hidden = true;
    this.note = element("div", "rg-note");
    this.note.setAttribute("role", "status");
    this.credit = element("div", "rg-credit");
    this.root.append(this.canvas, this.tip, this.note, this.credit);
    this.style = element("style");
    this.style.textContent = CSS_TEXT;
    this.parent.append(this.style, this.root);
    this.root.dataset.drawn = "0";
    this.abort = new AbortController();
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.root);
    for (const name of ["fullscreenchange", "webkitfullscreenchange"]) {
      document.addEventListener(name, () => this.resize(), { signal: this.abort.signal });
    }
  }

  /** Make the Leaflet map; the first message says in which language. */
  start() {
    this.map = L.map(this.canvas, {
      zoomControl: false, attributionControl: false, zoomSnap: 0.25, wheelPxPerZoomLevel: 90,
      minZoom: 3, maxZoom: 20, center: [0, 0], zoom: 3, boxZoom: false,
    });
    const pane = (name, zIndex) => {
      this.map.createPane(name).style.zIndex = zIndex;
      this.map.getPane(name).style.pointerEvents = "none";
      return name;
    };
    const sheet = (name, zIndex, paint) =>
      new Sheet(paint, { pane: pane(name, zIndex), padding: 0.2 }).addTo(this.map);
    // Areas are multiplied with the ground (see map.css), so that streets show through them.
    this.sheets = [
      sheet("ground", 350, (context, view) => this.paint(context, view, "ground")),
      sheet("areas", 360, (context, view) => this.paint(context, view, "areas")),
      sheet("figures", 400, (context, view) => this.paint(context, view, "figures")),
    ];
    this.marks = sheet("marks", 450, (context, view) => this.paintMarks(context, view));
    L.control.scale({ imperial: false, maxWidth: 110 }).addTo(this.map);
    this.addControls();
    this.map.on({
      mousemove: (event) => this.hover(event),
      mouseout: () => this.unhover(),
      movestart: () => this.unhover(),
      click: (event) => this.click(event),
      zoomend: () => this.zoomed(),
      moveend: () => this.remember(),
    });
  }

  addControls() {
    const say = this.head.labels;
    const bar = element("div", "rg-bar");
    this.buttons = {
      zoom_in: button("zoom_in", say.zoom_in, () => this.map.zoomIn(1)),
      zoom_out: button("zoom_out", say.zoom_out, () => this.map.zoomOut(1)),
      fit: button("fit", say.fit, () => this.fit(true)),
      full_screen: button("full_screen", say.full_screen, () => this.toggleFullScreen()),
    };
    bar.append(...Object.values(this.buttons));
    const isWide = this.root.clientWidth >= 640;
    this.switches = new Panel("layers", say.layers, isWide && this.root.clientHeight >= 560);
    this.legend = new Panel("legend", say.legend, isWide);
    const side = element("div", "rg-side");
    side.append(this.switches.root, this.legend.root);
    for (const box of [bar, side]) {
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.disableScrollPropagation(box);
    }
    this.root.append(bar, side);
  }

  // --- receiving ------------------------------------------------------------------------------

  async receive(data, send) {
    this.send = send;
    this.readTheme();
    if (data === this.data) { // the theme changed, nothing else
      if (this.order) this.fillPanels();
      this.redraw();
      return;
    }
    this.data = data;
    const serial = ++this.serial;
    const { head, body } = unpack(data);
    this.root.style.height = head.height;
    this.root.lang = head.lang;
    this.root.setAttribute("aria-label", head.labels.map);
    const isFirst = !this.head;
    this.head = head;
    this.memory = memory.get(head.key) ?? { shown: {} };
    memory.set(head.key, this.memory);
    if (isFirst) {
      this.note.textContent = head.labels.loading;
      this.start();
      this.fit(false);
    }
    const next = await this.prepare(head, body);
    if (serial !== this.serial || !this.root.isConnected) return; // a later message is on its way
    this.adopt(next, head);
  }

  /** Decode what changed; layers that are not visible yet wait until they are. */
  async prepare(head, body) {
    const next = new Map();
    await Promise.all(head.layers.map(async (about) => {
      if (!this.offered.has(about.id) && about.id in this.memory.shown) {
        this.shown.set(about.id, this.memory.shown[about.id]);
      } else if (this.offered.get(about.id) !== about.is_shown) {
        this.shown.set(about.id, about.is_shown);
      }
      this.offered.set(about.id, about.is_shown);
      const old = this.layers.get(about.id);
      const layer = { about, style: { ...PLAIN, ...about.style } };
      layer.packed = body.subarray(about.values[0], about.values[0] + about.values[1]);
      if (old?.about.name === about.name) layer.shape = old.shape;
      if (old?.about.digest === about.digest) layer.content = old.content;
      if (this.isVisible(layer)) await this.load(layer);
      next.set(about.id, layer);
    }));
    return next;
  }

  async load(layer) {
    const { about } = layer;
    [layer.shape, layer.content] = await Promise.all([
      layer.shape ?? (about.name ? shapeOf(about.name) : EMPTY_SHAPE),
      layer.content ?? gunzip(layer.packed),
    ]);
    this.align(layer);
    return layer;
  }

  /** Bring values, colours and styles into the order of the features. */
  align(layer) {
    const { shape, content } = layer;
    const isSame = shape.ids.length === content.ids.length
      && shape.ids.every((id, f) => content.ids[f] === id);
    const rowOf = isSame ? null : new Map(content.ids.map((id, row) => [id, row]));
    const rows = isSame ? null : shape.ids.map((id) => rowOf.get(id) ?? -1);
    const inOrder = (list, none) => (rows ? rows.map((row) => list[row] ?? none) : list);
    const positions = (list) => {
      const feature = (row) => (isSame ? row : shape.index.get(content.ids[row]));
      return list.length ? new Set(list.map(feature)) : null;
    };
    layer.columns = Object.fromEntries(
      Object.entries(content.columns).map(([name, texts]) => [name, inOrder(texts, "")]),
    );
    const { palette } = content;
    layer.colours = palette.length ? inOrder(content.classes, -1).map((k) => palette[k]) : null;
    layer.hatched = positions(content.hatched);
    layer.hollow = positions(content.hollow);
    const styles = Object.entries(content.styles);
    layer.styles = styles.length
      ? new Map(styles.map(([id, style]) => [shape.index.get(id), { ...layer.style, ...style }]))
      : null;
  }

  adopt(layers, head) {
    this.layers = layers;
    this.selected = head.selected && { layer: head.selected[0], id: head.selected[1] };
    this.order = [...layers.values()].sort((a, b) => a.about.order - b.about.order);
    this.hovered = null;
    this.note.textContent = this.order.length ? "" : head.labels.empty;
    this.credit.textContent = head.attribution;
    for (const [name, made] of Object.entries(this.buttons)) {
      made.title = head.labels[name];
      made.setAttribute("aria-label", head.labels[name]);
    }
    this.switches.rename(head.labels.layers);
    this.legend.rename(head.labels.legend);
    if (String(this.memory.fit) !== String(head.fit)) this.fit(true); // redraws by itself
    this.placeIcons();
    this.fillPanels();
    this.redrawChanged();
    this.countDrawn();
  }

  countDrawn() {
    this.drawn += 1;
    this.root.dataset.drawn = String(this.drawn);
    (this.parent.host ?? this.parent).dataset.redgridDrawn = String(this.drawn);
    this.root.dataset.selected = this.selected ? `${this.selected.layer}/${this.selected.id}` : "";
    this.root.dataset.layers = this.order.filter((l) => this.isVisible(l)).map((l) => l.about.id).join(" ");
    performance.mark("redgrid:drawn", { detail: this.drawn });
  }

  // --- drawing --------------------------------------------------------------------------------

  readTheme() {
    const computed = getComputedStyle(this.root);
    const read = (name, otherwise) => computed.getPropertyValue(name).trim() || otherwise;
    const background = read("--st-background-color", "#ffffff");
    const dark = isDark(background);
    this.theme = {
      dark,
      font: read("--st-font", "system-ui, sans-serif"),
      ink: dark ? "#f2f4f7" : "#17212b",
      halo: dark ? "rgba(16,22,29,.9)" : "rgba(255,255,255,.92)",
    };
    this.root.classList.toggle("is-dark", dark);
  }

  /** A colour for the theme: of a pair its half, of a palette colour its twin on dark ground. */
  toned = (colour) => {
    if (Array.isArray(colour)) return colour[this.theme.dark ? 1 : 0];
    return (this.theme.dark && this.head.dark[colour]) || colour;
  };

  hatch = (context) => {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.fillStyle = this.theme.dark ? "#2a3038" : "#f1f3f5";
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = this.theme.dark ? "#6a727c" : "#a7adb5";
    pen.lineWidth = 1.4;
    pen.beginPath();
    for (const x of [-8, 0, 8]) { pen.moveTo(x, 8); pen.lineTo(x + 8, 0); }
    pen.stroke();
    return context.createPattern(tile, "repeat");
  };

  isVisible({ about }, zoom = this.map.getZoom()) {
    return (about.is_base || this.shown.get(about.id)) && zoom >= about.min_zoom;
  }

  visible = () => (this.order ?? []).filter((layer) => this.isVisible(layer) && layer.columns);

  sheetOf({ about }) {
    if (about.is_base) return "ground";
    return about.kind === "polygon" && about.style.hit !== "line" ? "areas" : "figures";
  }

  paint(context, view, sheet) {
    const layers = this.visible();
    for (const layer of layers) {
      if (layer.about.kind === "icon" || this.sheetOf(layer) !== sheet) continue;
      paintLayer(context, view, layer, this.toned, this.hatch);
    }
    if (sheet === "figures") paintLabels(context, view, layers.slice().reverse(), this.theme, this.toned);
  }

  paintMarks(context, view) {
    for (const [mark, weight] of [[this.hovered, 1.6], [this.selected, 3]]) {
      const layer = mark && this.layers.get(mark.layer);
      const f = layer?.shape?.index.get(mark.id);
      if (f !== undefined && layer.columns && this.isVisible(layer)) {
        outline(context, view, layer, f, this.theme, weight);
      }
    }
  }

  redraw() {
    for (const sheet of [...this.sheets ?? [], this.marks]) sheet?.redraw();
    this.painted = this.ingredients();
  }

  /** Per sheet what its picture is made of. */
  ingredients() {
    const parts = { ground: [], areas: [], figures: [] };
    for (const layer of this.visible()) {
      const part = [layer.shape, layer.content, layer.about.order, JSON.stringify(layer.about.style)];
      parts[this.sheetOf(layer)].push(...part);
      if (layer.about.style.label) parts.figures.push(...part);
    }
    return parts;
  }

  /** Redraw the sheets whose picture changed, and the marks. */
  redrawChanged() {
    const before = this.painted, now = this.ingredients();
    Object.keys(now).forEach((name, i) => {
      const isSame = before && now[name].length === before[name].length
        && now[name].every((part, k) => part === before[name][k]);
      if (!isSame) this.sheets[i].redraw();
    });
    this.painted = now;
    this.marks.redraw();
  }

  placeIcons() {
    const wanted = this.visible().filter((layer) => layer.about.kind === "icon");
    const ids = new Set(wanted.map((layer) => layer.about.id));
    for (const [id, group] of this.icons) {
      if (!ids.has(id)) { group.remove(); this.icons.delete(id); }
    }
    for (const layer of wanted) {
      const old = this.icons.get(layer.about.id);
      if (old?.layer === layer) continue;
      if (old?.layer.shape === layer.shape && old.layer.content === layer.content) continue;
      old?.remove();
      const group = L.layerGroup(layer.shape.ids.map((_, f) => this.icon(layer, f))).addTo(this.map);
      group.layer = layer;
      this.icons.set(layer.about.id, group);
    }
  }

  icon(layer, f) {
    const { shape, about } = layer;
    const sign = stationSign(this.toned(layer.colours?.[f] ?? layer.style.colour), layer.hollow?.has(f));
    const v = shape.partStart[shape.featureStart[f]];
    const marker = L.marker(latLngOf(shape.xy[2 * v], shape.xy[2 * v + 1]), {
      icon: L.divIcon({ className: "rg-icon", html: sign, iconSize: [28, 28], iconAnchor: [14, 14] }),
      keyboard: true, riseOnHover: true, draggable: Boolean(layer.style.drag),
    });
    const point = (event) => this.map.mouseEventToContainerPoint(event.originalEvent);
    const choose = () => {
      if (about.is_selectable) this.choose({ layer: about.id, id: shape.ids[f] }, marker.getLatLng());
    };
    marker.on({
      mouseover: (event) => this.showTip(layer, f, point(event)),
      mouseout: () => this.unhover(),
      click: (event) => { this.showTip(layer, f, point(event)); choose(); },
      dragstart: () => this.unhover(),
      dragend: () => {
        const mark = { layer: about.id, id: shape.ids[f] };
        this.send("event", { kind: "move", ...mark, ...degrees(marker.getLatLng()) });
      },
      add: () => {
        const made = marker.getElement();
        made.setAttribute("aria-label", layer.columns.name?.[f] ?? about.title);
        made.addEventListener("focus", () => {
          this.showTip(layer, f, this.map.latLngToContainerPoint(marker.getLatLng()));
        });
        made.addEventListener("blur", () => this.unhover());
        made.addEventListener("keydown", (event) => {
          if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(); }
        });
      },
    });
    return marker;
  }

  // --- panels ---------------------------------------------------------------------------------

  fillPanels() {
    const own = this.order.filter((layer) => !layer.about.is_base);
    fillSwitches(
      this.switches.body, own.map((l) => l.about).reverse(),
      (id) => this.shown.get(id), (id, isShown) => this.toggle(id, isShown),
    );
    const legends = own.filter((l) => this.shown.get(l.about.id) && l.about.legend?.items.length);
    fillLegend(this.legend.body, legends.map((l) => l.about.legend), this.toned);
    this.switches.root.hidden = !own.length;
    this.legend.root.hidden = !legends.length;
  }

  async toggle(id, isShown) {
    this.shown.set(id, isShown);
    this.memory.shown[id] = isShown;
    this.fillPanels();
    await this.loadVisible();
    if (!this.map) return; // left meanwhile
    this.placeIcons();
    this.redrawChanged();
    this.countDrawn();
  }

  async loadVisible() {
    const missing = this.order?.filter((layer) => this.isVisible(layer) && !layer.columns) ?? [];
    await Promise.all(missing.map((layer) => this.load(layer)));
    return missing.length > 0;
  }

  async zoomed() {
    this.root.dataset.zoom = String(this.map.getZoom());
    const isNew = await this.loadVisible();
    if (!this.map) return; // left meanwhile
    if (isNew) this.redrawChanged();
    this.placeIcons();
  }

  // --- pointing -------------------------------------------------------------------------------

  /** The topmost feature under the pointer among the layers that `wanted` accepts. */
  featureUnder(latlng, wanted) {
    const pixel = 1 / (256 * 2 ** this.map.getZoom());
    const x = mercatorX(latlng.lng), y = mercatorY(latlng.lat);
    for (const layer of this.visible().reverse()) {
      if (layer.about.is_base || layer.about.kind === "icon" || !wanted(layer.about)) continue;
      const f = featureAt(layer, x, y, pixel);
      if (f >= 0) return [layer, f];
    }
    return null;
  }

  hover(event) {
    if (event.originalEvent.target.closest?.(".rg-icon") || this.map.dragging.moving?.()) return;
    const found = this.featureUnder(event.latlng, (about) => about.tooltip.length || about.is_selectable);
    this.canvas.classList.toggle("is-pointing", Boolean(found?.[0].about.is_selectable));
    if (!found) { this.unhover(); return; }
    this.showTip(...found, event.containerPoint);
  }

  showTip(layer, f, point) {
    const { about, shape } = layer;
    const mark = { layer: about.id, id: shape.ids[f] };
    if (this.hovered?.layer !== mark.layer || this.hovered?.id !== mark.id || this.tip.hidden) {
      this.hovered = mark;
      const rows = about.tooltip
        .map(({ key, label }) => [label, layer.columns[key]?.[f]])
        .filter(([label, text]) => label && text);
      fillTooltip(this.tip, layer.columns.name?.[f] || about.title, rows);
      this.marks.redraw();
    }
    placeTooltip(this.tip, point.x, point.y, this.root.clientWidth, this.root.clientHeight);
  }

  unhover() {
    this.tip.hidden = true;
    this.canvas.classList.remove("is-pointing");
    if (!this.hovered) return;
    this.hovered = null;
    this.marks.redraw();
  }

  click({ latlng, containerPoint }) {
    const found = this.featureUnder(latlng, (about) => about.is_selectable);
    if (found) {
      this.showTip(...found, containerPoint);
      this.choose({ layer: found[0].about.id, id: found[0].shape.ids[found[1]] }, latlng);
    } else if (this.head.wants_place) {
      this.send("event", { kind: "place", ...degrees(latlng) });
    }
  }

  /** Select at once, then tell the page; the second click of a double click is the first again. */
  choose(mark, latlng) {
    const now = performance.now();
    const isRepeated = this.chosen?.id === mark.id && this.chosen.layer === mark.layer
      && now - this.chosen.at < 400;
    this.chosen = { ...mark, at: now };
    if (isRepeated) return;
    this.selected = mark;
    this.marks.redraw();
    this.root.dataset.selected = `${mark.layer}/${mark.id}`;
    this.send("event", { kind: "click", ...mark, ...degrees(latlng) });
  }

  // --- view -----------------------------------------------------------------------------------

  /** Go to what the page wants to be seen; at the first drawing to where the user left off. */
  fit(isAsked) {
    const { view, fit } = this.memory;
    const size = this.map.getSize();
    this.isFitted = size.x > 0 && size.y > 0;
    this.memory.fit = this.head.fit;
    if (!isAsked && view && String(fit) === String(this.head.fit)) {
      this.map.setView(view.center, view.zoom, { animate: false });
    } else if (this.head.fit) {
      const [west, south, east, north] = this.head.fit;
      this.map.fitBounds([[south, west], [north, east]], {
        animate: false, paddingTopLeft: [50, 18], maxZoom: 17,
        paddingBottomRight: [this.legend.isOpen ? 150 : 18, 26],
      });
      this.fitted = { center: this.map.getCenter(), zoom: this.map.getZoom() };
    }
    this.root.dataset.zoom = String(this.map.getZoom());
  }

  remember() {
    if (this.isFitted) this.memory.view = { center: this.map.getCenter(), zoom: this.map.getZoom() };
  }

  resize() {
    if (!this.map) return;
    const center = this.map.getCenter(), zoom = this.map.getZoom();
    const isUntouched = this.fitted && zoom === this.fitted.zoom && center.equals(this.fitted.center);
    this.map.invalidateSize({ animate: false, pan: false });
    if (!this.isFitted || isUntouched) this.fit(true);
    else this.map.setView(center, zoom, { animate: false });
    const isFull = this.fullScreenElement() !== null || this.root.classList.contains("is-full");
    const label = this.head.labels[isFull ? "leave_full_screen" : "full_screen"];
    this.buttons.full_screen.title = label;
    this.buttons.full_screen.setAttribute("aria-label", label);
  }

  fullScreenElement() {
    const owner = this.root.getRootNode();
    return owner.fullscreenElement ?? owner.webkitFullscreenElement ?? null;
  }

  async toggleFullScreen() {
    if (this.fullScreenElement()) {
      await document.exitFullscreen();
    } else if (this.root.classList.contains("is-full")) {
      this.root.classList.remove("is-full");
    } else {
      try {
        await this.root.requestFullscreen();
      } catch { // not allowed here (an embedded frame, an old browser): fill the window
        this.root.classList.add("is-full");
      }
    }
    this.resize();
  }

  leave() {
    this.serial += 1;
    this.abort.abort();
    this.sizes.disconnect();
    if (this.map) {
      this.map._animatingZoom = false; // else Leaflet ends a running zoom on a map that is gone
      this.map.remove();
    }
    this.map = null;
    this.style.remove();
    this.root.remove();
    maps.delete(this.parent);
  }
}

const EMPTY_SHAPE = flatten({ features: [] });
const degrees = ({ lng, lat }) => ({ lon: Number(lng.toFixed(6)), lat: Number(lat.toFixed(6)) });
const latLngOf = (x, y) =>
  L.latLng((Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, (x - 0.5) * 360);

function map({ data, parentElement, setTriggerValue }) {
  let live = maps.get(parentElement);
  if (!live) maps.set(parentElement, live = new LiveMap(parentElement));
  live.receive(data, setTriggerValue).catch((error) => {
    live.note.textContent = String(error);
    throw error;
  });
  return whenGone(parentElement, () => live.leave());
}
