/** Requests to the API with the key of this tab. A key that is refused is forgotten, so that another is asked for. */
import type { Problem } from "../shapes.ts";
import { forgetKey, readKey } from "./key.ts";

/** An answer that says no. */
export class Refusal extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Nobody answered: the server is gone, or the way to it. */
export class Unreachable extends Error {
  constructor() {
    super("The server does not answer.");
  }
}

export interface Ask {
  readonly method?: "GET" | "POST";
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** @throws {Refusal | Unreachable}, or what an aborted signal throws */
export async function ask(path: string, { method, body, headers, signal }: Ask = {}): Promise<Response> {
  const key = readKey();
  const response = await fetch(path, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      authorization: `Bearer ${key ?? ""}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
    // A key belongs to this page; no cookie and no cache has a part in it.
    credentials: "omit",
    cache: "no-store",
  }).catch((error: unknown) => {
    throw signal?.aborted === true ? error : new Unreachable();
  });
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && key === readKey()) forgetKey(problem.detail);
  throw new Refusal(problem);
}

/** @throws {Refusal | Unreachable} */
export async function askJson<T>(path: string, options: Ask = {}): Promise<T> {
  return (await (await ask(path, options)).json()) as T;
}

async function problemOf(response: Response): Promise<Problem> {
  const { status, statusText } = response;
  const fallback = { title: statusText, status, code: String(status), detail: `The server has answered ${status}.` };
  const body = (await response.json().catch(() => undefined)) as Partial<Problem> | undefined;
  return { ...fallback, ...body };
}
