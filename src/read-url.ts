/** How the shipped agents read a URL: by the mesh's egress, and in no other way. */
import { env } from "cloudflare:workers";
import { egressFetch } from "../mesh/egress/fetch.ts";
import { BODY_BYTES } from "../mesh/limits.ts";
import { explain } from "../mesh/rejection.ts";
import { type Env, settingsOf } from "./env.ts";

/** @throws {Error} with a sentence that says why the URL could not be read */
export async function readUrl(
  url: string,
  signal: AbortSignal,
): Promise<{ bytes: Uint8Array; contentType: string; finalUrl: string }> {
  const request = {
    method: "GET",
    headers: { accept: "text/html, text/markdown, text/plain, text/csv, application/pdf" },
    signal,
    asBytes: true,
    maxBytes: BODY_BYTES,
  } as const;
  const result = await egressFetch(url, request, settingsOf(env as unknown as Env).egress);
  if (!result.ok) throw new Error(explain(result.rejection));
  const { status, headers, raw = new Uint8Array() } = result.answer;
  if (status !== 200) throw new Error(`${url} answered with status ${status}.`);
  return { bytes: raw, contentType: headers.get("content-type") ?? "", finalUrl: url };
}
