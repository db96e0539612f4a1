import assert from "node:assert/strict";
import { test } from "node:test";
import { formatNumber, maxAbs } from "../../static/js/maps/numbers.js";

test("number has three digits, and a power of ten where it is small or large", () => {
  const expected = {
    0: "0",
    1: "1.00",
    "-0.956": "−0.956",
    0.001: "0.00100",
    0.00000557: "5.57 × 10⁻⁶",
    "-0.0009994": "−9.99 × 10⁻⁴",
    999.4: "999",
    1234.5: "1235",
    "-99999.6": "−1.00 × 10⁵",
    12345678: "1.23 × 10⁷",
  };
  for (const [value, text] of Object.entries(expected)) assert.equal(formatNumber(Number(value)), text);
});

test("largest magnitude has no sign, and is zero of no values", () => {
  assert.equal(maxAbs([1, -7, 3]), 7);
  assert.equal(maxAbs([]), 0);
});
