import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  feedingCells,
  formatCell,
  nearestCell,
  outputAt,
  parseCell,
  placeIn,
  reachedEnd,
} from "../../static/js/lens/windows.js";

/** @typedef {import("../../static/js/lens/windows.js").Operation} Operation */
/** @type {{ query: string, operations: Operation[], cells: { cell: string, feeding: [string, number, number, number[], number[]][] }[], outputs: { input: number[], output: number[] }[] }[]} */
const layers = JSON.parse(readFileSync(new URL("../support/windows.json", import.meta.url), "utf8"));

test("cells that feed a cell are those that Python found", () => {
  for (const { query, operations, cells } of layers)
    for (const { cell, feeding } of cells) {
      const found = feedingCells(operations, parseCell(cell));
      const parts = found.map(({ stage, first, end, rows, columns }) => [stage, first, end, rows, columns]);
      assert.deepEqual(parts, feeding, `${cell} of ${query}`);
    }
});

test("output for an input cell is the one whose window is centred on it", () => {
  for (const { query, operations, outputs } of layers)
    for (const { input, output } of outputs) {
      const [channel, row, column] = input;
      const found = outputAt(operations[0], { channel, row, column });
      assert.deepEqual([found.channel, found.row, found.column], output, query);
    }
});

test("output for an input cell keeps the channel that is looked at where the input feeds it", () => {
  for (const { operations } of layers) {
    const [{ channels, name }] = operations;
    for (let wanted = 0; wanted < channels[1]; wanted++) {
      const [, { first, end }] = feedingCells(operations, {
        stage: name,
        channel: wanted,
        row: 0,
        column: 0,
      });
      for (let channel = 0; channel < channels[0]; channel++) {
        const found = outputAt(operations[0], { channel, row: 0, column: 0 }, wanted).channel;
        assert.equal(found === wanted, channel >= first && channel < end);
      }
    }
  }
});

test("ends of what rows and columns need are those of the cells that feed them", () => {
  for (const { operations } of layers)
    for (const operation of operations)
      for (const axis of /** @type {(0 | 1)[]} */ ([0, 1])) {
        const [size, made] = [operation.input[axis], operation.output[axis]];
        assert.equal(reachedEnd(operation, axis, 0), 0);
        assert.equal(reachedEnd(operation, axis, made), size);
        for (let count = 1; count < made; count++) {
          const at = { row: 0, column: 0, [axis ? "column" : "row"]: count - 1 };
          const [, { rows, columns }] = feedingCells([operation], {
            stage: operation.name,
            channel: 0,
            ...at,
          });
          const inside = (axis ? columns : rows).filter((cell) => cell >= 0 && cell < size);
          const before = reachedEnd(operation, axis, count - 1);
          assert.ok(inside.every((cell) => cell < reachedEnd(operation, axis, count)));
          assert.ok(before <= reachedEnd(operation, axis, count));
        }
      }
});

test("nearest cell of a cell that a layer has is the cell", () => {
  for (const { operations, cells } of layers)
    for (const { cell } of cells) assert.equal(formatCell(nearestCell(operations, parseCell(cell))), cell);
});

test("nearest cell is inside, of the stage with the beginning of the name or of the last", () => {
  const { operations } = /** @type {(typeof layers)[0]} */ (
    layers.find(({ query }) => query.includes("between=") && !query.includes("after="))
  );
  const last = operations[operations.length - 1];
  const [rows, columns] = last.output;
  const far = { channel: 999, row: 999, column: 999 };
  const corner = { channel: last.channels[1] - 1, row: rows - 1, column: columns - 1 };
  assert.deepEqual(nearestCell(operations, { stage: "standard", ...far }), { stage: last.name, ...corner });
  const { name } = operations[0];
  assert.equal(nearestCell(operations, { stage: `${name}-gelu`, ...far }).stage, name);
});

test("place in another stage is inside its map, and in the same stage the cell's own", () => {
  for (const { operations, cells } of layers)
    for (const { cell } of cells) {
      const from = parseCell(cell);
      for (const { name, output } of operations) {
        const { row, column } = placeIn(operations, from, name);
        assert.ok(row >= 0 && row < output[0] && column >= 0 && column < output[1]);
        if (name === from.stage) assert.deepEqual({ row, column }, { row: from.row, column: from.column });
      }
    }
});
