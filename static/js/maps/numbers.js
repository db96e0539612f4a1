/**
 * Numbers as people read them.
 */

/** @type {Record<string, string>} */
const SUPERSCRIPTS = Object.fromEntries([...`-0123456789`].map((sign, at) => [sign, "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"[at]]));

/**
 * A value to three digits: "−0.956", "5.57 × 10⁻⁶".
 * @param {number} value
 */
export function formatNumber(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 0.0009995 && size < 999.5) return value.toPrecision(3).replace("-", "−");
  if (size >= 1 && size < 99999.5) return value.toFixed(0).replace("-", "−");
  const [digits, power] = value.toExponential(2).split("e");
  const raised = [...String(Number(power))].map((sign) => SUPERSCRIPTS[sign]);
  return `${digits} × 10${raised.join("")}`.replace("-", "−");
}

/**
 * The largest magnitude; 0 of no values.
 * @param {Iterable<number>} values
 */
export function maxAbs(values) {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}
