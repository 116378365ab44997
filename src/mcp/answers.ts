/** Answers to what never became a request of the protocol: a JSON-RPC error with the problem as its data. */

import { explain, type Rejection } from "../../mesh/rejection.ts";
import { PROBLEMS, problemBody, problemResponse } from "../problem.ts";

/** JSON-RPC's code for what can't be read, and one of the codes that servers may give. */
const PARSE_ERROR = -32_700;
const SERVER_ERROR = -32_000;

export function errorResponse(rejection: Rejection, headers: Record<string, string> = {}): Response {
  const { status } = PROBLEMS[rejection.code];
  const code = rejection.code === "invalid_request" ? PARSE_ERROR : SERVER_ERROR;
  const error = { code, message: explain(rejection), data: problemBody(rejection) };
  const known = problemResponse(rejection).headers;
  const answer = new Headers(known);
  answer.set("content-type", "application/json");
  for (const [name, value] of Object.entries(headers)) answer.set(name, value);
  return new Response(JSON.stringify({ jsonrpc: "2.0", id: null, error }), { status, headers: answer });
}

/** What MCP clients take as "begin again": the session is not there, for whatever reason. */
export function sessionGone(): Response {
  const detail = "There is no such session, or no longer: initialize anew.";
  const error = { code: -32_001, message: detail, data: problemBody({ code: "not_found", detail }) };
  return Response.json({ jsonrpc: "2.0", id: null, error }, { status: 404 });
}
