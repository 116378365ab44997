/**
 * What the conformance suites expect of a server, as far as the mesh passes it on: federated without a prefix, its tools have
 * the names that the suites call.
 */

import { type Answers, ASKING } from "./asking.ts";
import { PNG } from "./images.ts";
import { LONG } from "./long.ts";

interface FixtureTool {
  readonly description: string;
  readonly inputSchema?: Record<string, unknown>;
  readonly run: (args: Record<string, unknown>, headers: unknown, answers: Answers) => unknown;
}

/** No sound at all. */
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

const image = { type: "image", data: PNG, mimeType: "image/png" };
const said = (text: string) => ({ type: "text", text });

const JSON_SCHEMA_2020_12 = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
};

const withHeader = {
  type: "object",
  properties: { region: { type: "string", "x-mcp-header": "Region" } },
};

export const FIXTURE: Record<string, FixtureTool> = {
  ...ASKING,
  ...LONG,
  test_simple_text: {
    description: "Tests simple text content.",
    run: () => ({ content: [said("This is a simple text response for testing.")] }),
  },
  test_image_content: { description: "Tests image content.", run: () => ({ content: [image] }) },
  test_audio_content: {
    description: "Tests audio content.",
    run: () => ({ content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }] }),
  },
  test_embedded_resource: {
    description: "Tests an embedded resource.",
    run: () => {
      const text = "This is an embedded resource content.";
      return {
        content: [{ type: "resource", resource: { uri: "test://embedded-resource", mimeType: "text/plain", text } }],
      };
    },
  },
  test_multiple_content_types: {
    description: "Tests content of several types.",
    run: () => {
      const text = '{"test":"data","value":123}';
      const resource = { uri: "test://mixed-content-resource", mimeType: "application/json", text };
      return { content: [said("Multiple content types test:"), image, { type: "resource", resource }] };
    },
  },
  test_error_handling: {
    description: "Tests a result that is an error.",
    run: () => ({ isError: true, content: [said("This tool intentionally returns an error for testing")] }),
  },
  json_schema_2020_12_tool: {
    description: "Tool with JSON Schema 2020-12 features",
    inputSchema: JSON_SCHEMA_2020_12,
    run: () => ({ content: [said("ok")] }),
  },
  test_header_parameter: {
    description: "Tests an argument that comes as a header too.",
    inputSchema: withHeader,
    run: ({ region }) => ({ content: [said(`region: ${String(region)}`)] }),
  },
};
