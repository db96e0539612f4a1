import assert from "node:assert/strict";
import { test } from "node:test";
import { relatedCells } from "../../static/js/maps/columns.js";

/** @param {[number, number]} place chain and multiplier */
const column = ([chain, multiplier]) =>
  /** @type {import("../../static/js/maps/columns.js").Column} */ (
    /** @type {unknown} */ ({ chain, multiplier })
  );
const related = (
  /** @type {[number, number]} */ one,
  /** @type {number} */ at,
  /** @type {[number, number]} */ other,
) => relatedCells(column(one), at, column(other));

test("map of an input channel is related to all maps that are made of the channel alone", () => {
  assert.deepEqual(related([0, 1], 2, [0, 3]), [6, 9]);
  assert.deepEqual(related([0, 3], 7, [0, 1]), [2, 3]);
});

test("maps of two columns with equally many maps are related one to one", () => {
  assert.deepEqual(related([0, 2], 5, [0, 2]), [5, 6]);
  assert.deepEqual(related([1, 1], 4, [1, 1]), [4, 5]);
});

test("map is related to no map of a column with mixed channels", () => {
  assert.deepEqual(related([0, 1], 2, [1, 1]), [0, 0]);
  assert.deepEqual(related([1, 1], 2, [0, 2]), [0, 0]);
});
