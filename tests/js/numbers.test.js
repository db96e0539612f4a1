import assert from "node:assert/strict";
import { test } from "node:test";
import { kernelEnds, told } from "../../static/js/planes.js";

test("a value has three digits, and a power of ten where it is small or large", () => {
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
  for (const [value, text] of Object.entries(expected)) assert.equal(told(Number(value)), text);
});

test("kernels of several cells share a range, and so do those of one cell", () => {
  const tensor = (/** @type {number[]} */ shape, /** @type {number[]} */ values) => ({
    dtype: "F32",
    shape,
    data: Float32Array.from(values),
  });
  const column = tensor([1, 1, 3, 1], [0, -1, 0]);
  const row = tensor([1, 1, 1, 3], [0, 2, 0]);
  const matrix = tensor([1, 2, 1, 1], [0.5, -0.25]);
  const ends = (/** @type {ReturnType<typeof tensor>[]} */ weights) =>
    kernelEnds(/** @type {any} */ (weights));
  assert.deepEqual(ends([column, row]), [2, 2]);
  assert.deepEqual(ends([row, matrix]), [2, 0.5]);
  assert.deepEqual(ends([matrix, tensor([1, 1, 1, 1], [3])]), [3, 3]);
  assert.deepEqual(ends([column]), [1]);
});
