import assert from "node:assert/strict";
import { test } from "node:test";
import { kernelsOf, largest } from "../../static/js/planes.js";

/**
 * The values of a plane, from its bytes.
 * @param {import("../../static/js/colormap.js").Plane} plane
 */
const values = ({ bytes, low, high }) => [...bytes].map((byte) => low + (byte / 255) * (high - low));

test("a sheet has every kernel in its place, row after row", () => {
  const shape = [2, 5, 2, 3];
  const data = Float32Array.from({ length: 60 }, (_, at) => Math.sin(at));
  const sheet = kernelsOf({ shape, data }, 1, 3);
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

test("a row of a matrix is the weights of its output", () => {
  const data = Float32Array.from([1, 2, 3, -4, -5, -6]);
  const row = kernelsOf({ shape: [2, 3, 1, 1], data }, 1, 3);
  assert.deepEqual([row.width, row.height, row.low, row.high], [3, 1, -6, -4]);
  for (const [at, value] of values(row).entries()) assert.ok(Math.abs(value - data[3 + at]) < 0.01);
});

test("the largest size has no sign", () => {
  assert.equal(largest([1, -7, 3]), 7);
  assert.equal(largest([]), 0);
});
