/**
 * Requests that report the progress of their body, which `fetch` does not.
 */

/**
 * A transport for `request` that resolves and rejects as `fetch` does.
 * @param {(share: number) => void} onProgress gets the share of the body that is sent, 0 to 1
 * @returns {import("../client.js").Transport}
 */
export function withProgress(onProgress) {
  return (address, { method = "GET", body, headers, signal }) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const request = new XMLHttpRequest();
      request.open(method, address);
      request.responseType = "blob";
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded / total));
      request.addEventListener("load", () => {
        const { response, status } = request;
        resolve(
          new Response(response, {
            status,
            headers: { "Retry-After": request.getResponseHeader("Retry-After") ?? "" },
          }),
        );
      });
      request.addEventListener("error", () => reject(new TypeError("the network failed")));
      request.addEventListener("abort", () => reject(signal?.reason));
      signal?.addEventListener("abort", () => request.abort(), { once: true });
      request.send(/** @type {FormData} */ (body));
    });
}
