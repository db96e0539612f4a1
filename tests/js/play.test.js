import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { cellOfStep, coverageOf, stepOfCell, stepsOf } from "../../static/js/lens/play.js";
import { feedingCells, parseCell } from "../../static/js/lens/windows.js";

/** @typedef {import("../../static/js/lens/windows.js").Operation} Operation */
/** @type {{ operations: Operation[], default: string }[]} */
const layers = JSON.parse(readFileSync(new URL("../support/windows.json", import.meta.url), "utf8"));

/**
 * @param {import("../../static/js/maps/marks.js").Coverage} coverage
 * @param {number} row
 * @param {number} column
 */
const isCovered = ({ full, begun, column: end }, row, column) => row < full || (row < begun && column < end);

test("steps go through the cells of the last map row by row", () => {
  for (const { operations, default: current } of layers) {
    const [rows, columns] = operations[operations.length - 1].output;
    const { count, isByRow } = stepsOf(operations);
    assert.ok(!isByRow);
    assert.equal(count, rows * columns);
    for (let step = 1; step <= count; step++) {
      const cell = cellOfStep(operations, step, parseCell(current));
      assert.equal(cell.row * columns + cell.column, step - 1);
      assert.equal(cell.channel, parseCell(current).channel);
      assert.equal(stepOfCell(operations, cell), step);
    }
  }
});

test("steps of a map with a side of more than 32 cells are whole rows", () => {
  const [{ operations }] = layers;
  const last = operations[operations.length - 1];
  for (const [output, isByRow] of /** @type {[[number, number], boolean][]} */ ([
    [[32, 32], false],
    [[33, 1], true],
    [[4, 33], true],
  ])) {
    const [rows] = output;
    const resized = [{ ...last, output, input: output, kernel: last.stride, groups: 1 }];
    assert.equal(stepsOf(resized).isByRow, isByRow);
    if (isByRow) assert.equal(stepsOf(resized).count, rows);
  }
});

test("after each step every cell that its outputs need is computed, and after the last one all", () => {
  for (const { operations, default: current } of layers) {
    const { count } = stepsOf(operations);
    for (let step = 1; step <= count; step++) {
      const coverage = coverageOf(operations, step);
      for (const { stage, rows, columns } of feedingCells(
        operations,
        cellOfStep(operations, step, parseCell(current)),
      )) {
        if (stage === "input") continue;
        const [height, width] = operations.find(({ name }) => name === stage)?.output ?? [0, 0];
        for (const row of rows.filter((each) => each >= 0 && each < height))
          for (const column of columns.filter((each) => each >= 0 && each < width))
            assert.ok(
              isCovered(/** @type {any} */ (coverage.get(stage)), row, column),
              `${stage} at ${step}`,
            );
      }
    }
    for (const { name, output } of operations)
      assert.equal(coverageOf(operations, count).get(name)?.full, output[0], name);
  }
});

test("last map has as many computed cells as steps are done, and none before it fewer than at the step before", () => {
  for (const { operations } of layers) {
    const { name, output } = operations[operations.length - 1];
    /** @type {Map<string, number>} */
    let before = new Map();
    for (let step = 0; step <= stepsOf(operations).count; step++) {
      const computed = new Map(
        Array.from(coverageOf(operations, step), ([stage, { full, begun, column }]) => {
          const width = operations.find((each) => each.name === stage)?.output[1] ?? 0;
          return [stage, full * width + (begun - full) * column];
        }),
      );
      assert.equal(computed.get(name), step, `${output}`);
      for (const [stage, cells] of before) assert.ok(cells <= (computed.get(stage) ?? 0), stage);
      before = computed;
    }
  }
});
