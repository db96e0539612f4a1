/**
 * Asking the server. The latest question wins: a new one ends the one before.
 */
import { read } from "./safetensors.js";

/** This open page, so that the server drops what it no longer wants before what others want. */
const PAGE = String(Math.random()).slice(2);

/** Where the server is busy, it is asked again so many times in all. */
const MOST_TRIES = 6;
const BUSY = [429, 503];
/** The pause between two attempts to reach the server doubles up to this. */
const MAX_PAUSE_SECONDS = 30;

/**
 * A parameter that is refused; `fits` are changes of single parameters, each of which alone mends it.
 * @typedef {object} Bad
 * @property {string} parameter
 * @property {string} detail
 * @property {string} allowed
 * @property {string | null} value
 * @property {{ parameter: string, value: string }[]} [fits]
 */

/**
 * Told, in the server's own words, that it is busy and will be asked again.
 * @typedef {(words: string) => void} Waiting
 */

/**
 * What carries a request to the server and resolves to its answer.
 * @typedef {(address: string, options: RequestInit & { headers: Record<string, string> }) => Promise<Response>} Transport
 */

/** What the server refused, parameter by parameter. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   * @param {Bad[]} errors
   */
  constructor(status, detail, errors) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/**
 * @param {string} address
 * @param {RequestInit} [options]
 * @param {Waiting} [waiting] where it is left out, a busy server's answer is a refusal
 * @param {Transport} [transport]
 */
export async function ask(address, options, waiting, transport = fetch) {
  for (let tries = 1; ; tries++) {
    const answer = await transport(address, { ...options, headers: { "Sepviz-Page": PAGE } });
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => ({}));
    options?.signal?.throwIfAborted();
    const refusal = new Refusal(
      answer.status,
      problem.detail ?? `the server answered ${answer.status}`,
      problem.errors ?? [],
    );
    const seconds = Number(answer.headers.get("Retry-After"));
    if (!waiting || !BUSY.includes(answer.status) || !seconds || tries === MOST_TRIES) throw refusal;
    waiting(refusal.message);
    await pause(seconds, options?.signal);
  }
}

/**
 * Returns the response; retries with exponential backoff while the server cannot be reached.
 * @template T
 * @param {() => Promise<T>} receive
 * @param {AbortSignal} signal
 * @param {Waiting} waiting
 */
async function retry(receive, signal, waiting) {
  for (let seconds = 1; ; seconds = Math.min(2 * seconds, MAX_PAUSE_SECONDS)) {
    try {
      return await receive();
    } catch (error) {
      if (error instanceof Refusal || signal.aborted) throw error;
    }
    waiting("The server cannot be reached");
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
 * @param {Waiting} waiting
 */
export async function fragment(query, signal, waiting) {
  const receive = async () => (await ask(`/fragment?${query}`, { signal }, waiting)).text();
  return parsed(await retry(receive, signal, waiting));
}

/**
 * The same with the planes, in one answer.
 * @param {string} query the layer, and which of its planes
 * @param {AbortSignal} signal
 * @param {Waiting} waiting
 */
export async function view(query, signal, waiting) {
  const receive = async () => (await ask(`/view?${query}`, { signal }, waiting)).arrayBuffer();
  const file = read(await retry(receive, signal, waiting));
  return { parts: parsed(file.metadata.fragment), file };
}

/** @param {string} text */
function parsed(text) {
  return /** @type {HTMLElement} */ (
    new DOMParser().parseFromString(text, "text/html").getElementById("fragment")
  );
}

/** @param {string} query the layer, and which of its tensors */
export async function tensors(query) {
  return read(await (await ask(`/api/tensors?${query}&dtype=uint8`)).arrayBuffer());
}
