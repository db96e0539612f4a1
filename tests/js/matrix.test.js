import assert from "node:assert/strict";
import { test } from "node:test";
import { fitWeights } from "../../static/js/maps/matrix.js";

const texts = (/** @type {number[]} */ values, /** @type {number} */ cell) =>
  fitWeights(Float32Array.from(values), cell)?.texts;

test("weights have as many digits as fit, then no zero before the point, then none", () => {
  const values = [0.191, -0.162, 0];
  assert.deepEqual(texts(values, 44), ["0.191", "−0.162", "0"]);
  assert.deepEqual(texts(values, 30), ["0.19", "−0.16", "0"]);
  assert.deepEqual(texts(values, 24), [".19", "−.16", "0"]);
  assert.equal(texts(values, 18), undefined);
});

test("digit that would be far from its weight is not written", () => {
  assert.deepEqual(texts([4, -3], 12), ["4", "−3"]);
  assert.equal(texts([1, 0.4], 8), undefined);
  assert.equal(texts([1, 0.4, -0.01], 10), undefined);
});
