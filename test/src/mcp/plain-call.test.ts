/** Which requests are ordinary calls; whatever else they are is for the SDK's own checks. */
import { expect, test } from "vitest";
import { mayWantHeaders, sessionCall, statelessCall } from "../../../src/mcp/plain-call.ts";

const HEADERS = { accept: "application/json, text/event-stream", "content-type": "application/json" };
const STATELESS = {
  ...HEADERS,
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "echo",
};
const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

const bodyOf = (params: object = {}, message: object = {}) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "echo", arguments: { a: 1 }, ...params },
  ...message,
});
const inSession = (body: unknown, headers: Record<string, string> = {}) =>
  sessionCall({ headers: new Headers({ ...HEADERS, ...headers }) }, body);
const alone = (body: unknown, headers: Record<string, string> = {}) =>
  statelessCall({ headers: new Headers({ ...STATELESS, ...headers }) }, body);

test("an ordinary call says which tool is called with what", () => {
  const budget = { "io.hopline/budget": { hops: 1 }, traceparent: "00-1-1-01" };
  expect(inSession(bodyOf({ _meta: budget }))).toEqual({ id: 1, name: "echo", args: { a: 1 }, meta: budget });
  expect(inSession(bodyOf({ arguments: undefined }))).toMatchObject({ args: {}, meta: {} });
  expect(inSession(bodyOf(), { "mcp-protocol-version": "2025-06-18" })).toBeDefined();
  expect(alone(bodyOf({ _meta: ENVELOPE }))).toMatchObject({ id: 1, name: "echo", args: { a: 1 } });
});

test.each([
  ["another method", bodyOf({}, { method: "tools/list" })],
  ["a notification", bodyOf({}, { id: undefined })],
  ["an id that is none", bodyOf({}, { id: 1.5 })],
  ["no JSON-RPC", bodyOf({}, { jsonrpc: "1.0" })],
  ["a batch", [bodyOf()]],
  ["a member that is unknown", bodyOf({}, { extra: 1 })],
  ["a parameter beside", bodyOf({ task: {} })],
  ["a name that is none", bodyOf({ name: 5 })],
  ["a name that no tool has", bodyOf({ name: "=?base64?ZWNobw==?=" })],
  ["a tool of the mesh's own", bodyOf({ name: "mesh__list_agents" })],
  ["arguments that are no object", bodyOf({ arguments: [1] })],
  ["a client that wants progress", bodyOf({ _meta: { progressToken: 0 } })],
  ["a trace that is no text", bodyOf({ _meta: { traceparent: 1 } })],
])("it is none with %s", (_, body) => {
  expect(inSession(body)).toBeUndefined();
  const given = body as { params?: { _meta?: object } };
  const { params = {} } = given;
  const enveloped = Array.isArray(body)
    ? body
    : { ...given, params: { ...params, _meta: { ...ENVELOPE, ...params._meta } } };
  expect(alone(enveloped)).toBeUndefined();
});

test("in a session it is none of a version that has no sessions, or that claims another era", () => {
  expect(inSession(bodyOf(), { "mcp-protocol-version": "2026-07-28" })).toBeUndefined();
  expect(inSession(bodyOf(), { "mcp-protocol-version": "1999-01-01" })).toBeUndefined();
  expect(inSession(bodyOf({ _meta: ENVELOPE }))).toBeUndefined();
});

test.each([
  ["mcp-protocol-version", "2025-11-25"],
  ["mcp-method", "tools/list"],
  ["mcp-name", "other"],
  ["accept", "text/event-stream"],
  ["content-type", "text/plain"],
])("without a session it is none when the header %s is '%s'", (header, value) => {
  expect(alone(bodyOf({ _meta: ENVELOPE }), { [header]: value })).toBeUndefined();
});

test.each<[string, object]>([
  ["another version", { "io.modelcontextprotocol/protocolVersion": "2027-01-01" }],
  ["no client", { "io.modelcontextprotocol/clientInfo": undefined }],
  ["a client without a version", { "io.modelcontextprotocol/clientInfo": { name: "x" } }],
  ["capabilities that are none", { "io.modelcontextprotocol/clientCapabilities": { sampling: true } }],
  ["a capability to be answered by tasks", { "io.modelcontextprotocol/clientCapabilities": { extensions: {} } }],
  ["a wish for log messages", { "io.modelcontextprotocol/logLevel": "debug" }],
])("without a session it is none with %s", (_, meta) => {
  expect(alone(bodyOf({ _meta: { ...ENVELOPE, ...meta } }))).toBeUndefined();
});

test("a client that can be asked calls as others do", () => {
  const capabilities = { elicitation: { form: {} }, sampling: {} };
  const meta = { ...ENVELOPE, "io.modelcontextprotocol/clientCapabilities": capabilities };
  expect(alone(bodyOf({ _meta: meta }))).toBeDefined();
});

test("a schema says whether arguments come as headers too, wherever it says so", () => {
  expect(mayWantHeaders({ type: "object", properties: { a: { type: "string" } } })).toBe(false);
  expect(mayWantHeaders({ allOf: [{ properties: { a: { type: "string", "x-mcp-header": "A" } } }] })).toBe(true);
  expect(mayWantHeaders(true)).toBe(false);
});
