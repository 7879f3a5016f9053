// What the browser holds: the geometry that carrier elements bring, and what a map remembers.

/** Geometry by "layer@version": kept while some carrier element holds it. */
const geometries = new Map(); // name -> { bytes, holders, shape: Promise }
const waiting = new Map(); // name -> [resolve]
const memory = new Map(); // map key -> { view, shown, fit }: survives leaving the page
const carried = new WeakMap(); // parent element of a carrier -> name

/** Call `leave` once the element is really gone: Streamlit also ends superseded calls with this. */
function whenGone(parentElement, leave) {
  const host = parentElement.host ?? parentElement;
  return () => setTimeout(() => { if (!host.isConnected) leave(); }, 0);
}

/** An element that shows nothing leaves no gap in the page's column either. */
function takeNoRoom(parentElement) {
  const host = parentElement.host ?? parentElement;
  const box = host.closest('[data-testid="stElementContainer"]');
  if (box) box.style.position = "absolute";
}

// --- geometry ---------------------------------------------------------------------------------

/** A carrier brings the geometry of one layer: length of the name, the name, gzipped GeoJSON. */
function geometry({ data, parentElement }) {
  takeNoRoom(parentElement);
  const drop = () => {
    const name = carried.get(parentElement);
    const entry = geometries.get(name);
    carried.delete(parentElement);
    if (entry && --entry.holders <= 0) geometries.delete(name);
  };
  const length = new DataView(data.buffer, data.byteOffset).getUint16(0);
  const name = new TextDecoder().decode(data.subarray(2, 2 + length));
  if (carried.get(parentElement) !== name) {
    drop();
    const entry = geometries.get(name) ?? { bytes: data.subarray(2 + length), holders: 0 };
    entry.holders += 1;
    geometries.set(name, entry);
    carried.set(parentElement, name);
    for (const resolve of waiting.get(name) ?? []) resolve();
    waiting.delete(name);
  }
  return whenGone(parentElement, drop);
}

async function shapeOf(name) {
  if (!geometries.has(name)) {
    await new Promise((resolve) => {
      waiting.set(name, [...(waiting.get(name) ?? []), resolve]);
    });
  }
  const entry = geometries.get(name);
  if (!entry) return shapeOf(name);
  entry.shape ??= gunzip(entry.bytes).then(flatten);
  return entry.shape;
}

// --- messages ---------------------------------------------------------------------------------

/** A message: length of the head, the head as JSON, then the packed values of the layers. */
function unpack(data) {
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0);
  const head = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  return { head, body: data.subarray(4 + length) };
}
