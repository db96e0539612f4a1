import assert from "node:assert/strict";
import { test } from "node:test";
import { groupByLimit, kernelLimits, kernelSheet } from "../../static/js/maps/kernels.js";

/**
 * The values of a plane, from its bytes.
 * @param {import("../../static/js/maps/colormap.js").Plane} plane
 */
const values = ({ bytes, low, high }) => [...bytes].map((byte) => low + (byte / 255) * (high - low));

test("sheet has its kernels in rows, and zero where there is none", () => {
  const shape = [2, 5, 2, 3];
  const data = Float32Array.from({ length: 60 }, (_, at) => Math.sin(at));
  const sheet = kernelSheet({ shape, data }, 1, 3);
  assert.deepEqual([sheet.width, sheet.height], [9, 4]);
  const cells = values(sheet);
  for (let channel = 0; channel < 6; channel++)
    for (let y = 0; y < 2; y++)
      for (let x = 0; x < 3; x++) {
        const cell = cells[(Math.floor(channel / 3) * 2 + y) * 9 + (channel % 3) * 3 + x];
        // The place that no kernel takes is zero.
        const wanted = channel < 5 ? Math.sin(30 + channel * 6 + y * 3 + x) : 0;
        assert.ok(Math.abs(cell - wanted) < 0.01, `channel ${channel}, row ${y}, column ${x}`);
      }
});

test("row of a matrix is the weights of its output", () => {
  const data = Float32Array.from([1, 2, 3, -4, -5, -6]);
  const row = kernelSheet({ shape: [2, 3, 1, 1], data }, 1, 3);
  assert.deepEqual([row.width, row.height, row.low, row.high], [3, 1, -6, -4]);
  for (const [at, value] of values(row).entries()) assert.ok(Math.abs(value - data[3 + at]) < 0.01);
});

test("kernels of several cells share a limit, and so do those of one cell", () => {
  const tensor = (/** @type {number[]} */ shape, /** @type {number[]} */ values) => ({
    shape,
    data: Float32Array.from(values),
  });
  const column = tensor([1, 1, 3, 1], [0, -1, 0]);
  const row = tensor([1, 1, 1, 3], [0, 2, 0]);
  const matrix = tensor([1, 2, 1, 1], [0.5, -0.25]);
  assert.deepEqual(kernelLimits([column, row]), [2, 2]);
  assert.deepEqual(kernelLimits([row, matrix]), [2, 0.5]);
  assert.deepEqual(kernelLimits([matrix, tensor([1, 1, 1, 1], [3])]), [3, 3]);
  assert.deepEqual(kernelLimits([column]), [1]);
});

test("equal limits are grouped with the names of their kernels", () => {
  const entries = [
    { kernels: "vertical kernels", limit: 2 },
    { kernels: "horizontal kernels", limit: 2 },
    { kernels: "matrix", limit: 1 },
  ];
  assert.deepEqual(groupByLimit(entries), [
    { kernels: "vertical kernels and horizontal kernels", limit: 2 },
    { kernels: "matrix", limit: 1 },
  ]);
});
