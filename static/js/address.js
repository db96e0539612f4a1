/**
 * The layer as a query string. The address of a page has this query and the options of the page.
 */

/**
 * The query with one parameter changed, in its canonical place.
 * @param {string} query
 * @param {string} name
 * @param {string} value
 */
export const changed = (query, name, value) => altered(query, [[name, value]]);

/**
 * The query with some parameters changed; null leaves one out.
 * @param {string} query
 * @param {[string, string | null][]} changes
 */
export function altered(query, changes) {
  const parameters = new URLSearchParams(query);
  for (const [name, value] of changes) {
    if (value === null) parameters.delete(name);
    else parameters.set(name, value);
  }
  return parameters.toString();
}

/**
 * The value of a parameter, or null where this kind of layer has none.
 * @param {string} query
 * @param {string} name
 */
export function parameter(query, name) {
  return new URLSearchParams(query).get(name);
}

/** What `spatially-separable` has not, and a layer gets back after it. */
const KEPT = ["out_channels", "depth_multiplier"];
const STORE = "layer";

/**
 * Keeps what a layer has for one that has it not; as long as the tab lives.
 * @param {string} query
 */
export function remember(query) {
  const parameters = new URLSearchParams(query);
  if (!KEPT.every((name) => parameters.has(name))) return;
  try {
    sessionStorage.setItem(STORE, query);
  } catch {
    // Storage may be forbidden; the server's defaults are then what one comes back to.
  }
}

/**
 * The address of another kind, with the values of the wanted layer, or else of an earlier layer.
 * @param {string} wanted
 * @param {string} next the address of the other kind as it was rendered, perhaps before the last change
 */
export function restored(wanted, next) {
  const parameters = new URLSearchParams(next);
  const earlier = kept();
  for (const name of parameters.keys()) {
    const value = parameter(wanted, name) ?? (KEPT.includes(name) ? earlier.get(name) : null);
    if (value !== null && name !== "kind") parameters.set(name, value);
  }
  return parameters.toString();
}

function kept() {
  try {
    return new URLSearchParams(sessionStorage.getItem(STORE) ?? "");
  } catch {
    return new URLSearchParams();
  }
}
