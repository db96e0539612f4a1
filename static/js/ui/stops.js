/**
 * The scale of a slider: the values that people use, called stops, evenly spaced. The n-th stop has the position of the
 * lowest value plus n; a value between two stops has a position between theirs.
 */

/** Up to here each value is a stop; beyond, two in every doubling: 24, 32, 48, 64, ... */
const EACH_UP_TO = 16;
/** In a smaller range every value is a stop. */
const MIN_SPARSE_RANGE = 32;

/**
 * @param {number} low
 * @param {number} high
 * @returns {number[]} from the lowest value to the highest
 */
export function stops(low, high) {
  const last = high - low < MIN_SPARSE_RANGE ? high : Math.min(EACH_UP_TO, high);
  const found = [low];
  for (let value = low + 1; value <= last; value++) found.push(value);
  for (let power = EACH_UP_TO; last < high && power < high; power *= 2)
    found.push(...[1.5 * power, 2 * power].filter((value) => value > low && value < high));
  if (found[found.length - 1] < high) found.push(high);
  return found;
}

/**
 * The position of a value; beyond the ends, that of the end.
 * @param {number[]} scale
 * @param {number} value
 */
export function positionOf(scale, value) {
  const last = scale.length - 1;
  const after = scale.findIndex((stop) => stop >= value);
  if (after <= 0) return scale[0] + (after < 0 ? last : 0);
  const [one, other] = [scale[after - 1], scale[after]];
  return scale[0] + after - (other - value) / (other - one);
}

/**
 * The stop that is nearest to a position.
 * @param {number[]} scale
 * @param {number} position
 */
export function stopAt(scale, position) {
  const at = Math.round(position - scale[0]);
  return scale[Math.max(0, Math.min(scale.length - 1, at))];
}

/**
 * The value some stops further, or back; from between two stops the first step leads to one of them.
 * @param {number[]} scale
 * @param {number} value
 * @param {number} steps
 */
export function step(scale, value, steps) {
  const position = positionOf(scale, value);
  return stopAt(scale, (steps > 0 ? Math.floor(position) : Math.ceil(position)) + steps);
}
