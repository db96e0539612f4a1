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
