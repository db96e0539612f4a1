/**
 * Asking the server. The latest question wins: a new one ends the one before.
 */
import { read } from "./safetensors.js";

/** This open page, so that the server drops what it no longer wants before what others want. */
const PAGE = String(Math.random()).slice(2);

/** What the server refused, parameter by parameter. */
export class Refusal extends Error {
  /**
   * @param {string} detail
   * @param {{ parameter: string, detail: string, allowed: string, value: string }[]} errors
   */
  constructor(detail, errors) {
    super(detail);
    this.errors = errors;
  }
}

/**
 * @param {string} address
 * @param {RequestInit} [options]
 */
export async function ask(address, options) {
  const answer = await fetch(address, { ...options, headers: { "Sepviz-Page": PAGE } });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Refusal(problem.detail ?? `the server answered ${answer.status}`, problem.errors ?? []);
}

/**
 * The rendered parts of the page for a layer.
 * @param {string} query
 * @param {AbortSignal} signal
 */
export async function fragment(query, signal) {
  const text = await (await ask(`/fragment?${query}`, { signal })).text();
  return /** @type {HTMLElement} */ (
    new DOMParser().parseFromString(text, "text/html").getElementById("fragment")
  );
}

/**
 * @param {string} query the layer, and which of its tensors
 * @param {AbortSignal} [signal]
 */
export async function tensors(query, signal) {
  return read(await (await ask(`/api/tensors?${query}&dtype=uint8`, { signal })).arrayBuffer());
}
