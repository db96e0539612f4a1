import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSafetensors } from "../../static/js/safetensors.js";

/**
 * A file by the format's own words, its header padded to a multiple of eight bytes.
 * @param {Record<string, unknown>} header
 * @param {Uint8Array} values
 */
function file(header, values) {
  let text = JSON.stringify(header);
  while (text.length % 8) text += " ";
  const buffer = new ArrayBuffer(8 + text.length + values.length);
  new DataView(buffer).setBigUint64(0, BigInt(text.length), true);
  new Uint8Array(buffer).set(new TextEncoder().encode(text), 8);
  new Uint8Array(buffer).set(values, 8 + text.length);
  return buffer;
}

test("floats and bytes are read with their shapes", () => {
  for (let count = 0; count < 40; count++) {
    const floats = Float32Array.from({ length: count }, (_, at) => Math.fround((at - 7) * 1.37 ** at));
    const bytes = Uint8Array.from({ length: count }, (_, at) => (at * 89 + 3) % 256);
    const values = new Uint8Array([...new Uint8Array(floats.buffer), ...bytes]);
    const { tensors, metadata } = parseSafetensors(
      file(
        {
          __metadata__: { sepviz: "stride=2" },
          maps: { dtype: "U8", shape: [1, count], data_offsets: [4 * count, 5 * count] },
          weight: { dtype: "F32", shape: [count], data_offsets: [0, 4 * count] },
        },
        values,
      ),
    );
    assert.deepEqual([...tensors.keys()], ["maps", "weight"]);
    assert.deepEqual(tensors.get("weight"), { shape: [count], data: floats });
    assert.deepEqual(tensors.get("maps"), { shape: [1, count], data: bytes });
    assert.deepEqual(metadata, { sepviz: "stride=2" });
  }
});

test("metadata is empty where the file has none", () => {
  const { tensors, metadata } = parseSafetensors(file({}, new Uint8Array()));
  assert.equal(tensors.size, 0);
  assert.deepEqual(metadata, {});
});

test("unknown type is named in the error", () => {
  const header = { odd: { dtype: "I64", shape: [1], data_offsets: [0, 8] } };
  assert.throws(() => parseSafetensors(file(header, new Uint8Array(8))), /odd.*I64/);
});
