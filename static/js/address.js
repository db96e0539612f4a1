/**
 * The layer as a query string: the one state of the page.
 */

/**
 * The query with one parameter changed, in its canonical place.
 * @param {string} query
 * @param {string} name
 * @param {string} value
 */
export function changed(query, name, value) {
  const parameters = new URLSearchParams(query);
  parameters.set(name, value);
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
 * The address of another kind, with what the layer shown has not and an earlier one had.
 * @param {string} shown
 * @param {string} next
 */
export function restored(shown, next) {
  let kept = null;
  try {
    kept = new URLSearchParams(sessionStorage.getItem(STORE) ?? "");
  } catch {
    return next;
  }
  const parameters = new URLSearchParams(next);
  for (const name of KEPT) {
    const value = kept.get(name);
    if (value && parameters.has(name) && parameter(shown, name) === null) parameters.set(name, value);
  }
  return parameters.toString();
}
