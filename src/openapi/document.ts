/** The OpenAPI 3.1 document: the table of operations, made of the schemas that check what comes in. */
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
} from "zod-openapi";
import { BODY_BYTES, JSON_DEPTH } from "../../mesh/limits.ts";
import packageJson from "../../package.json" with { type: "json" };
import { AGENT_CALL } from "./agent-call.ts";
import { BatchResult, HopEventAnswer } from "./answers.ts";
import { type Operation, operationObject } from "./operation.ts";
import { OPERATIONS } from "./operations.ts";
import { Problem, problemAnswers } from "./problem.ts";
import { TAGS } from "./tags.ts";

const MEBIBYTE = 2 ** 20;

const DESCRIPTION = `Agents call agents only through the mesh. Every hop is admitted, recorded and bounded before it runs.

**Who asks.** Send \`Authorization: Bearer …\` with a key, or with the hop token that an agent gets with each call. Each operation names the scope that a key needs; \`admin\` may do everything.

**Bodies** are JSON of at most ${BODY_BYTES / MEBIBYTE} MiB that nests at most ${JSON_DEPTH} levels deep. An unknown field, or an unknown query parameter, is refused by name. Times are epoch milliseconds, durations milliseconds, money is whole millionths of a US dollar.

**Errors** are problems by RFC 9457 with a stable \`code\`, the evidence, and what would be right. A method that a resource does not have is 405 with \`Allow\`; a path that is not there is 404.

**MCP.** \`/mcp\` speaks the Model Context Protocol (Streamable HTTP) with the same keys: agents are its tools, and each call is a hop.

**Answers** have the fields that are described here; a later version may add fields, and takes none away.`;

export type OpenApiDocument = ReturnType<typeof createDocument>;

export function openApiDocument(): OpenApiDocument {
  const description: ZodOpenApiObject = {
    openapi: "3.1.1",
    info: { title: "Hopline", version: packageJson.version, description: DESCRIPTION },
    servers: [{ url: "/" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    security: [{ bearer: [] }],
    paths: pathsOf(OPERATIONS),
    webhooks: { callOfAgent: { post: AGENT_CALL } },
    components: {
      // Named by hand where only references name them.
      schemas: { Problem, HopEvent: HopEventAnswer, BatchResult },
      responses: {
        // What is answered outside of all operations.
        ...outside("not_found"),
        ...outside("method_not_allowed"),
      },
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "A key `hop_<mesh>_<keyId>_<secret>`, the deployment's admin key, or a hop token.",
        },
      },
    },
  };
  // `input` of a call is checked by a function: any JSON, which is what the empty schema says.
  return createDocument(description, { allowEmptySchema: { custom: true }, override: withoutSafeIntegers });
}

function outside(code: "method_not_allowed" | "not_found"): Record<string, ZodOpenApiResponseObject> {
  return Object.fromEntries(Object.values(problemAnswers([code], false)).map((answer) => [code, answer]));
}

function pathsOf(operations: readonly Operation[]): ZodOpenApiPathsObject {
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of operations) {
    const { path, method } = operation;
    paths[path] = { ...paths[path], [method]: operationObject(operation) };
  }
  return paths;
}

/** Every whole number is a safe one; said of each, it only hides the bounds that matter. */
function withoutSafeIntegers({ jsonSchema }: { jsonSchema: { maximum?: number; minimum?: number } }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
}
