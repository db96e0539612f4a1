import assert from "node:assert/strict";
import { test } from "node:test";
import { fitTexts, formatTogether, isBright } from "../../static/js/maps/values.js";

const formatted = (/** @type {number[]} */ values, /** @type {number} */ digits) =>
  formatTogether(Float32Array.from(values), digits);

test("values of a map have equally many decimals, without those that are zero in all of them", () => {
  assert.deepEqual(formatted([0.4567, -0.02, 0], 3), ["0.457", "−0.020", "0"]);
  assert.deepEqual(formatted([0.4567, -0.02, 0], 1), ["0.5", "0", "0"]);
  assert.deepEqual(formatted([1, -2, 4], 3), ["1", "−2", "4"]);
  assert.deepEqual(formatted([0.5, 0.25], 3), ["0.50", "0.25"]);
  assert.deepEqual(formatted([123.4, 7], 2), ["123", "7"]);
  assert.deepEqual(formatted([0, 0], 2), ["0", "0"]);
});

test("very large and very small values are powers of ten", () => {
  assert.deepEqual(formatted([123456, -1000], 2), ["1.2e5", "−1.0e3"]);
  assert.deepEqual(formatted([0.00002], 1), ["2e−5"]);
});

test("smaller cells get fewer digits, and at last none", () => {
  const values = Float32Array.of(0.4567, -0.3219);
  const texts = [40, 27, 24].map((cell) => fitTexts(values, cell)?.texts[1]);
  assert.deepEqual(texts, ["−0.322", "−0.32", "−0.3"]);
  assert.equal(fitTexts(values, 15), null);
  for (let cell = 10; cell < 60; cell++) {
    const fitting = fitTexts(values, cell);
    if (fitting) assert.ok(fitting.fontShare * cell >= 8);
  }
});

test("ink is black exactly where its contrast with the colour is higher than that of white", () => {
  const luminance = (/** @type {number} */ grey) => {
    const part = grey / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  for (let grey = 0; grey < 256; grey++) {
    const black = (luminance(grey) + 0.05) / 0.05;
    const white = 1.05 / (luminance(grey) + 0.05);
    const colour = (255 << 24) | (grey << 16) | (grey << 8) | grey;
    assert.equal(isBright(colour), black > white, String(grey));
    assert.ok(Math.max(black, white) > 4.5);
  }
});
