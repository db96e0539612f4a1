/**
 * Requests to the server.
 */
import { parseSafetensors } from "./safetensors.js";

/** Identifies this open page, whose superseded requests the server drops first. */
const PAGE_ID = String(Math.random()).slice(2);

/** Attempts in all where the server is busy. */
const MAX_TRIES = 6;
const BUSY_STATUSES = [429, 503];
/** The pause between two attempts to reach the server doubles up to this. */
const MAX_PAUSE_SECONDS = 30;

/**
 * A bad parameter; `fits` are changes of single parameters, each of which alone makes the query valid.
 * @typedef {object} BadParameter
 * @property {string} parameter
 * @property {string} detail
 * @property {string} allowed
 * @property {string | null} value
 * @property {{ parameter: string, value: string }[]} [fits]
 */

/**
 * Called before each pause with the server's message that it is busy.
 * @typedef {(message: string) => void} OnWait
 */

/**
 * Sends a request and resolves to the response.
 * @typedef {(address: string, options: RequestInit & { headers: Record<string, string> }) => Promise<Response>} Transport
 */

/** An error response of the server, with the bad parameters where it names any. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   * @param {BadParameter[]} errors
   */
  constructor(status, detail, errors) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/**
 * Resolves to the response, rejects with a `Refusal`; repeats the request while the server is busy.
 * @param {string} address
 * @param {RequestInit} [options]
 * @param {OnWait} [onWait] without it, a busy server's response is a refusal
 * @param {Transport} [transport]
 */
export async function request(address, options, onWait, transport = fetch) {
  for (let tries = 1; ; tries++) {
    const response = await transport(address, { ...options, headers: { "Sepviz-Page": PAGE_ID } });
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    options?.signal?.throwIfAborted();
    const refusal = new Refusal(
      response.status,
      problem.detail ?? `the server answered ${response.status}`,
      problem.errors ?? [],
    );
    const seconds = Number(response.headers.get("Retry-After"));
    if (!onWait || !BUSY_STATUSES.includes(response.status) || !seconds || tries === MAX_TRIES) throw refusal;
    onWait(refusal.message);
    await pause(seconds, options?.signal);
  }
}

/**
 * Returns the response; retries with exponential backoff while the server cannot be reached.
 * @template T
 * @param {() => Promise<T>} receive
 * @param {AbortSignal} signal
 * @param {OnWait} onWait
 */
async function retry(receive, signal, onWait) {
  for (let seconds = 1; ; seconds = Math.min(2 * seconds, MAX_PAUSE_SECONDS)) {
    try {
      return await receive();
    } catch (error) {
      if (error instanceof Refusal || signal.aborted) throw error;
    }
    onWait("The server cannot be reached");
    await pause(seconds, signal);
  }
}

/**
 * Waits for the given seconds and up to half as many more, so that clients do not retry all at once. Ends early when the
 * network returns; rejects when the signal is aborted.
 * @param {number} seconds
 * @param {AbortSignal | null} [signal]
 */
function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const end = (/** @type {(reason: unknown) => void} */ settle) => {
      clearTimeout(timer);
      over.abort();
      settle(signal?.reason);
    };
    const timer = setTimeout(end, seconds * 1000 * (1 + Math.random() / 2), resolve);
    addEventListener("online", () => end(resolve), { signal: over.signal });
    signal?.addEventListener("abort", () => end(reject), { signal: over.signal });
  });
}

/**
 * The rendered parts of the page for a layer.
 * @param {string} query
 * @param {AbortSignal} signal
 * @param {OnWait} onWait
 */
export async function fetchParts(query, signal, onWait) {
  const receive = async () => (await request(`/fragment?${query}`, { signal }, onWait)).text();
  return parseParts(await retry(receive, signal, onWait));
}

/**
 * The rendered parts and the planes, in one response.
 * @param {string} query the layer, and which of its planes
 * @param {AbortSignal} signal
 * @param {OnWait} onWait
 */
export async function fetchView(query, signal, onWait) {
  const receive = async () => (await request(`/view?${query}`, { signal }, onWait)).arrayBuffer();
  const file = parseSafetensors(await retry(receive, signal, onWait));
  return { parts: parseParts(file.metadata.fragment), file };
}

/**
 * What a lens shows, as HTML.
 * @param {string} query the layer, the lens and the cell
 * @param {AbortSignal} signal
 * @param {OnWait} onWait
 */
export async function fetchLens(query, signal, onWait) {
  const receive = async () => (await request(`/lens?${query}`, { signal }, onWait)).text();
  return retry(receive, signal, onWait);
}

/** @param {string} text */
function parseParts(text) {
  return /** @type {HTMLElement} */ (
    new DOMParser().parseFromString(text, "text/html").getElementById("fragment")
  );
}

/** @param {string} query the layer, which of its tensors, and their type */
export async function fetchTensors(query) {
  return parseSafetensors(await (await request(`/api/tensors?${query}`)).arrayBuffer());
}
