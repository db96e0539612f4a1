import assert from "node:assert/strict";
import { test } from "node:test";
import { positionOf, step, stopAt, stops } from "../../static/js/ui/stops.js";

const USED = [
  ...Array.from({ length: 16 }, (_, at) => at + 1),
  ...[24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096],
];
const RANGES = [1, 2, 5, 8, 17, 20, 93, 500].flatMap((low) =>
  [1, 2, 8, 16, 17, 31, 32, 33, 64, 100, 127, 512, 1024, 4096].map((high) => [low, Math.max(low, high)]),
);

test("values that people use are stops up to every bound", () => {
  for (const high of [64, 512, 1024, 2048, 4096]) {
    assert.deepEqual(
      stops(1, high),
      USED.filter((value) => value <= high),
    );
  }
  assert.deepEqual(stops(8, 512), [...USED.filter((value) => value >= 8 && value <= 512)]);
});

test("every value of a small range is a stop", () => {
  for (const [low, high] of [
    [1, 8],
    [1, 16],
    [1, 31],
    [500, 512],
    [3, 3],
  ]) {
    assert.deepEqual(
      stops(low, high),
      Array.from({ length: high - low + 1 }, (_, at) => low + at),
    );
  }
});

test("scale increases from bound to bound", () => {
  for (const [low, high] of RANGES) {
    const scale = stops(low, high);
    assert.equal(scale[0], low);
    assert.equal(scale[scale.length - 1], high);
    assert.ok(scale.every((stop, at) => at === 0 || stop > scale[at - 1]));
    assert.ok(scale.every((stop) => stop === low || stop === high || high - low < 32 || USED.includes(stop)));
  }
});

test("stops have evenly spaced positions, and other values positions between them", () => {
  for (const [low, high] of RANGES) {
    const scale = stops(low, high);
    scale.forEach((stop, at) => {
      assert.equal(positionOf(scale, stop), low + at);
      assert.equal(stopAt(scale, low + at), stop);
    });
    let before = positionOf(scale, low);
    for (let value = low + 1; value <= high; value++) {
      const position = positionOf(scale, value);
      assert.ok(position > before);
      assert.equal(Number.isInteger(position - low), scale.includes(value));
      before = position;
    }
    assert.equal(positionOf(scale, low - 1), low);
    assert.equal(positionOf(scale, high + 1), low + scale.length - 1);
  }
});

test("step leads to the next stop, also from between two, and never past the ends", () => {
  for (const [low, high] of RANGES) {
    const scale = stops(low, high);
    for (let value = low; value <= high; value++) {
      assert.equal(step(scale, value, 1), scale.find((stop) => stop > value) ?? high);
      assert.equal(step(scale, value, -1), scale.findLast((stop) => stop < value) ?? low);
    }
    assert.equal(step(scale, low, 1000), high);
    assert.equal(step(scale, high, -1000), low);
  }
});
