/**
 * Reader of safetensors files: 8 bytes of length, a JSON header, then the raw values.
 * @typedef {{ shape: number[], data: Float32Array | Uint8Array }} Tensor
 * @typedef {{ tensors: Map<string, Tensor>, metadata: Record<string, string> }} File
 */

/** @type {Record<string, typeof Float32Array | typeof Uint8Array>} */
const TYPES = { F32: Float32Array, U8: Uint8Array };

/**
 * The tensors and the metadata of a file.
 * @param {ArrayBuffer} buffer
 * @returns {File}
 */
export function parseSafetensors(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = new Map();
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(entries)) {
    const Type = TYPES[dtype];
    if (!Type) throw new Error(`${name} has the type ${dtype}, which is not read here`);
    const count = (offsets[1] - offsets[0]) / Type.BYTES_PER_ELEMENT;
    tensors.set(name, { shape, data: new Type(buffer, 8 + length + offsets[0], count) });
  }
  return { tensors, metadata };
}
