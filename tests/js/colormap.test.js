import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createPlane,
  createTable,
  paint,
  percentile,
  symmetricLimit,
} from "../../static/js/maps/colormap.js";

const MIN_SPARSE_SHARE = 0.75;

/** @param {number} colour */
const parts = (colour) => [...new Uint8Array(Uint32Array.of(colour).buffer)];

/**
 * Numbers that look random and are the same every time (a linear congruential generator).
 * @param {number} count
 * @param {number} seed
 */
function numbers(count, seed) {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 6 - 2;
  });
}

/** A canvas as `paint` uses it, without a browser. */
function canvas() {
  const made = {
    width: 0,
    height: 0,
    /** @type {Uint32Array} */
    pixels: new Uint32Array(),
    getContext: () => ({
      /**
       * @param {number} width
       * @param {number} height
       */
      createImageData: (width, height) => ({ data: new Uint8ClampedArray(width * height * 4) }),
      /** @param {{ data: Uint8ClampedArray }} image */
      putImageData: (image) => {
        made.pixels = new Uint32Array(image.data.buffer);
      },
    }),
  };
  return made;
}

/** @param {ReturnType<typeof canvas>} made */
const element = (made) => /** @type {HTMLCanvasElement} */ (/** @type {unknown} */ (made));

test("table is linear between anchors", () => {
  const grey = createTable(["#000000", "#ffffff"]);
  assert.equal(grey.length, 256);
  grey.forEach((colour, entry) => {
    assert.deepEqual(parts(colour), [entry, entry, entry, 255]);
  });
  const three = createTable(["#ff0000", "#00ff00", "#0000ff"]);
  three.forEach((colour, entry) => {
    const place = (entry / 255) * 2;
    const expected = [Math.max(0, 1 - place), 1 - Math.abs(1 - place), Math.max(0, place - 1), 1];
    for (const [at, part] of parts(colour).entries()) {
      assert.ok(Math.abs(part - 255 * Number(expected[at])) <= 0.5 + 1e-9);
    }
  });
});

test("plane has the range of its values and rounds them by half a step at most", () => {
  for (let seed = 0; seed < 20; seed++) {
    const values = numbers(35, seed);
    const plane = createPlane(values, 7, 5);
    assert.equal(plane.low, Math.min(...values));
    assert.equal(plane.high, Math.max(...values));
    assert.deepEqual([plane.width, plane.height], [7, 5]);
    const step = (plane.high - plane.low) / 255;
    plane.bytes.forEach((byte, cell) => {
      assert.ok(Math.abs(plane.low + byte * step - Number(values[cell])) <= step / 2 + 1e-9);
    });
  }
});

test("bytes of a constant plane are zero", () => {
  assert.deepEqual([...createPlane(Float32Array.of(3, 3, 3, 3), 2, 2).bytes], [0, 0, 0, 0]);
});

test("percentile is that of the sorted magnitudes", () => {
  for (let seed = 0; seed < 20; seed++) {
    const planes = [createPlane(numbers(400, seed), 20, 20), createPlane(numbers(100, seed + 50), 10, 10)];
    const sizes = planes.flatMap(({ bytes, low, high }) =>
      [...bytes].map((byte) => Math.abs(low + (byte / 255) * (high - low))),
    );
    sizes.sort((one, other) => one - other);
    assert.ok(Math.abs(percentile(planes) - Number(sizes[Math.ceil(0.99 * sizes.length) - 1])) < 1e-9);
  }
});

test("limit of a sparse plane is its largest magnitude", () => {
  for (const common of [0, 0.1, -3]) {
    const values = new Float32Array(1000).fill(common);
    for (const [at, value] of [-2, -1, 1, 2, 5].entries()) values[400 + at] = value;
    assert.equal(symmetricLimit([createPlane(values, 100, 10)], MIN_SPARSE_SHARE), 5);
  }
});

test("limit of any other plane is its percentile, of several planes the larger limit", () => {
  const sparse = new Float32Array(400);
  sparse[7] = -9;
  for (let seed = 0; seed < 20; seed++) {
    const plane = createPlane(numbers(400, seed), 20, 20);
    assert.equal(symmetricLimit([plane], MIN_SPARSE_SHARE), percentile([plane]));
    assert.equal(symmetricLimit([plane, createPlane(sparse, 20, 20)], MIN_SPARSE_SHARE), 9);
    assert.equal(
      symmetricLimit([plane, createPlane(new Float32Array(400), 20, 20)], MIN_SPARSE_SHARE),
      percentile([plane]),
    );
  }
});

test("limit of zeros, and of no planes, is zero", () => {
  assert.equal(symmetricLimit([createPlane(new Float32Array(9), 3, 3)], MIN_SPARSE_SHARE), 0);
  assert.equal(symmetricLimit([], MIN_SPARSE_SHARE), 0);
  assert.equal(percentile([]), 0);
});

test("paint takes each value's colour from its place in the domain", () => {
  const grey = createTable(["#000000", "#ffffff"]);
  for (let seed = 0; seed < 10; seed++) {
    const plane = createPlane(numbers(24, seed), 6, 4);
    const made = canvas();
    paint(element(made), plane, grey, [-1, 1]);
    assert.deepEqual([made.width, made.height], [6, 4]);
    plane.bytes.forEach((byte, cell) => {
      const value = plane.low + (byte / 255) * (plane.high - plane.low);
      const expected = Math.max(0, Math.min(255, Math.round(((value + 1) / 2) * 255)));
      assert.equal(parts(Number(made.pixels[cell]))[0], expected);
    });
  }
});

test("paint takes the middle colour where the domain is empty", () => {
  const made = canvas();
  paint(element(made), createPlane(new Float32Array(4), 2, 2), createTable(["#000000", "#ffffff"]), [0, 0]);
  for (const pixel of made.pixels) assert.deepEqual(parts(pixel), [128, 128, 128, 255]);
});
