/** `fetch` for libraries that bring their own protocol: with the egress rules, without redirects, up to a size. */
import { type EgressPolicy, judged } from "./address.ts";

/** What the mesh may not reach. */
export class EgressDenied extends Error {
  override readonly name = "EgressDenied";
}

/** More came than may. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

/** @param maxBytes of one answer's body, a stream's included */
export function guardedFetch(policy: EgressPolicy, maxBytes: number) {
  return async (given: string | URL, init?: RequestInit): Promise<Response> => {
    const url = String(given);
    const verdict = judged(url, policy);
    if (verdict === undefined || verdict.refusal !== undefined) {
      throw new EgressDenied(`${url} may not be reached: ${verdict?.refusal ?? "it is not a URL"}.`);
    }
    const response = await fetch(verdict.url, { ...init, redirect: "manual" });
    if (response.body === null) return response;
    return new Response(response.body.pipeThrough(limit(maxBytes)), {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}

function limit(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) controller.error(new TooLarge(`The answer has more than ${maxBytes} bytes.`));
      else controller.enqueue(chunk);
    },
  });
}
