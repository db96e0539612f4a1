/**
 * The layer as a query string. The address of a page has this query and the options of the page.
 */

/** The lens that an address leaves out. */
export const DEFAULT_LENS = "diagram";

/**
 * The query with one parameter changed, in its canonical place.
 * @param {string} query
 * @param {string} name
 * @param {string} value
 */
export const withParameter = (query, name, value) => withParameters(query, [[name, value]]);

/**
 * The query with some parameters changed; null leaves one out.
 * @param {string} query
 * @param {[string, string | null][]} changes
 */
export function withParameters(query, changes) {
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
export function getParameter(query, name) {
  return new URLSearchParams(query).get(name);
}

/**
 * The lens, the chosen cell and the channel to show of an address; null where it has none.
 * @param {string} query
 * @returns {{ lens: string, cell: string | null, through: string | null }}
 */
export function chosenView(query) {
  const [lens, cell, through] = ["lens", "cell", "through"].map((name) => getParameter(query, name));
  return { lens: lens ?? DEFAULT_LENS, cell, through };
}

/**
 * The parameters of the lens, the cell and the channel for an address; null where one is left out.
 * @param {{ lens: string, cell: string | null, through: string | null }} view
 * @returns {[string, string | null][]}
 */
export function viewParameters({ lens, cell, through }) {
  return [
    ["lens", lens === DEFAULT_LENS ? null : lens],
    ["cell", cell],
    ["through", through],
  ];
}

const STORAGE_KEY = "layer";

/**
 * Remembers the parameters of a layer, for the kinds that have more of them; as long as the tab lives.
 * @param {string} query
 */
export function rememberLayer(query) {
  const parameters = rememberedParameters();
  for (const [name, value] of new URLSearchParams(query)) parameters.set(name, value);
  try {
    sessionStorage.setItem(STORAGE_KEY, parameters.toString());
  } catch {
    // Storage may be forbidden; the server's defaults are then used.
  }
}

/**
 * The address of another kind with the values of a layer, and those of an earlier one where this layer has none.
 * @param {string} query the layer
 * @param {string} kindQuery the other kind as it was rendered, perhaps before the last change; it has all its parameters
 */
export function asKind(query, kindQuery) {
  const parameters = new URLSearchParams(kindQuery);
  const remembered = rememberedParameters();
  for (const name of parameters.keys()) {
    const value = getParameter(query, name) ?? remembered.get(name);
    if (value !== null && name !== "kind") parameters.set(name, value);
  }
  return parameters.toString();
}

function rememberedParameters() {
  try {
    return new URLSearchParams(sessionStorage.getItem(STORAGE_KEY) ?? "");
  } catch {
    return new URLSearchParams();
  }
}
