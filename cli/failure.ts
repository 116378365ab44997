/** How a command can fail, and the exit code that says so. */

/** As printed by `hopline --help` and docs/cli.md. */
export const EXIT = {
  ok: 0,
  /** The mesh refused, or the agent failed: there is a problem with a code. */
  refused: 1,
  usage: 2,
  /** Nothing that speaks as a mesh answers there. */
  unreachable: 3,
  /** No key, a wrong one, or one without the scope. */
  unauthorised: 4,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An RFC 9457 body of the mesh. Everything in it is somebody else's text. */
export interface Problem {
  readonly code: string;
  readonly title?: string;
  readonly detail?: string;
  readonly status?: number;
  readonly chainId?: string;
  readonly hopId?: string;
  readonly path?: readonly string[];
  readonly dimension?: string;
  readonly limit?: number;
  readonly actual?: number;
  readonly available?: number;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  readonly retryable?: boolean;
}

/** Something that ends the command with a sentence for the user, and without a stack. */
export class Failure extends Error {
  override readonly name: string = "Failure";
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function usage(message: string): Failure {
  return new Failure(EXIT.usage, message);
}

/** The mesh answered with a problem. */
export class ProblemFailure extends Failure {
  override readonly name = "ProblemFailure";
  readonly problem: Problem;
  /** The answer's body, unchanged. */
  readonly body: string;

  constructor(problem: Problem, body: string) {
    super(exitCodeOf(problem), problem.detail ?? problem.title ?? problem.code);
    this.problem = problem;
    this.body = body;
  }
}

function exitCodeOf({ status, code }: Problem): ExitCode {
  return status === 401 || code === "insufficient_scope" ? EXIT.unauthorised : EXIT.refused;
}

/** The problem in a body, if it is one. */
export function problemIn(body: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const isProblem = typeof value === "object" && value !== null && "code" in value && typeof value.code === "string";
    return isProblem ? (value as Problem) : undefined;
  } catch {
    return undefined;
  }
}
