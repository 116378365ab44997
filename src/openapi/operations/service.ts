/** What is open to all: health, public keys, and the description itself. */
import * as z from "zod";
import { MeshName } from "../../../mesh/schema.ts";
import { METADATA_PATH } from "../../mcp/metadata.ts";
import { HealthAnswer, JwksAnswer } from "../answers.ts";
import { headers, RequestHeaders } from "../headers.ts";
import { json, type Operation } from "../operation.ts";

const TAG = "Service";
const known = z.object({ "If-None-Match": RequestHeaders.ifNoneMatch });
const KEPT = "It is still as it was.";
const documentHeaders = headers(["ETag", "Cache-Control"]);
const pageHeaders = headers(["ETag", "Cache-Control", "Content-Security-Policy"]);

export const serviceOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/healthz",
    id: "readHealth",
    tag: TAG,
    summary: "Is it up?",
    description: "Answers as soon as requests are served.",
    access: "open",
    answers: { "200": json("It is.", HealthAnswer) },
    problems: [],
  },
  {
    method: "get",
    path: "/.well-known/jwks.json",
    id: "readPublicKeys",
    tag: TAG,
    summary: "The mesh's public keys",
    description: "With them an agent can verify the hop tokens that it gets: EdDSA, `typ` `hop+jwt`.",
    access: "open",
    params: {
      query: z.object({
        mesh: MeshName.optional().meta({ description: "Another mesh than `default`.", examples: ["default"] }),
      }),
    },
    answers: { "200": json("The key set.", JwksAnswer, { headers: headers(["Cache-Control"]) }) },
    problems: ["not_found"],
  },
  {
    method: "get",
    path: METADATA_PATH,
    id: "readMcpMetadata",
    tag: TAG,
    summary: "What the MCP server takes",
    description:
      "Protected-resource metadata (RFC 9728) of `/mcp`, which a 401 there names: bearers in the header, and the scopes there are.",
    access: "open",
    answers: {
      "200": json("The metadata.", z.looseObject({ resource: z.url() }), { headers: headers(["Cache-Control"]) }),
    },
    problems: [],
  },
  {
    method: "get",
    path: "/openapi.json",
    id: "readDescription",
    tag: TAG,
    summary: "This description",
    description: "OpenAPI 3.1, made of the schemas that check requests.",
    access: "open",
    params: { header: known },
    answers: {
      "200": json("The document.", z.looseObject({ openapi: z.string() }), { headers: documentHeaders }),
      "304": { description: KEPT, headers: documentHeaders },
    },
    problems: [],
  },
  {
    method: "get",
    path: "/docs",
    id: "readDocs",
    tag: TAG,
    summary: "This description as a page",
    description: "One HTML page, without script and without anything from elsewhere.",
    access: "open",
    params: { header: known },
    answers: {
      "200": {
        description: "The page.",
        headers: pageHeaders,
        content: { "text/html": { schema: z.string() } },
      },
      "304": { description: KEPT, headers: pageHeaders },
    },
    problems: [],
  },
];
