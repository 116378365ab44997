/** In which form an answer is wanted: by `format`, else by Accept (RFC 9110, 12.5.1). */
import { parseAccept } from "hono/utils/accept";
import { problemBody } from "../problem.ts";

export const FORMATS = ["json", "mermaid", "dot", "svg", "otlp"] as const;
export type Format = (typeof FORMATS)[number];
/** A mesh has no trace: it is sums. */
export const MESH_FORMATS = ["json", "mermaid", "dot", "svg"] as const satisfies readonly Format[];
export type MeshFormat = (typeof MESH_FORMATS)[number];

/** The media type of each format, without parameters. OTLP/JSON has none of its own: as `application/json` it would not be told apart. */
export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  json: "application/json",
  mermaid: "text/vnd.mermaid",
  dot: "text/vnd.graphviz",
  svg: "image/svg+xml",
  otlp: "application/vnd.hopline.otlp+json",
};

/**
 * The format that an Accept header likes best; undefined when it takes none. A range that names a type decides over one
 * with a star; between equals the more precisely named wins, then the order of the formats. No header takes anything.
 */
export function accepted<F extends Format = Format>(
  accept: string | undefined,
  formats: readonly F[] = FORMATS as readonly Format[] as readonly F[],
): F | undefined {
  const ranges = parseAccept(accept ?? "");
  if (ranges.length === 0) return formats[0];
  let best: { format: F; q: number; precision: number } | undefined;
  for (const format of formats) {
    const matching = ranges
      .map(({ type, q }) => ({ q, precision: precisionOf(type.toLowerCase(), MEDIA_TYPES[format]) }))
      .filter(({ precision }) => precision > 0);
    const range = matching.reduce<{ q: number; precision: number } | undefined>(
      (most, one) => (most === undefined || one.precision > most.precision ? one : most),
      undefined,
    );
    if (range === undefined || range.q <= 0) continue;
    const better = best === undefined || range.q > best.q || (range.q === best.q && range.precision > best.precision);
    if (better) best = { format, ...range };
  }
  return best?.format;
}

/** 3: this very type, 2: any of its kind, 1: any, 0: another. */
function precisionOf(range: string, type: string): number {
  if (range === type) return 3;
  if (range === "*/*" || range === "*") return 1;
  return range === `${type.split("/")[0]}/*` ? 2 : 0;
}

/** The list of codes is closed and has none for 406: it is a request that is not well formed, with the status that says where. */
export function notAcceptable(formats: readonly Format[] = FORMATS): Response {
  const names = formats.map((format) => `${MEDIA_TYPES[format]} (format=${format})`).join(", ");
  const detail = `Nothing of what Accept names can be had. There are: ${names}.`;
  const body = { ...problemBody({ code: "invalid_request", detail }), status: 406 };
  const headers = { "content-type": "application/problem+json", vary: "accept" };
  return new Response(JSON.stringify(body), { status: 406, headers });
}

/** A picture that is opened by itself runs nothing and loads nothing, whatever a name in it says. */
export function graphHeaders(format: Format): Record<string, string> {
  return {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
    vary: "accept",
    "content-type": `${MEDIA_TYPES[format]}${format.endsWith("json") || format === "otlp" ? "" : "; charset=utf-8"}`,
  };
}
