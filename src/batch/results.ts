/** The results of a batch, a line each, in the order of its lines. */
import { BATCH_UNREAD_BYTES } from "../../mesh/limits.ts";
import type { Enrolled } from "../../mesh/registry/enrol.ts";
import type { Rejection } from "../../mesh/rejection.ts";
import { PROBLEMS, problemBody } from "../problem.ts";

const encoder = new TextEncoder();
const STATUS = { registered: 201, replaced: 200, unchanged: 200 } as const satisfies Record<
  Enrolled["outcome"],
  number
>;
/** Characters of a refused line's name that are told: it may be anything. */
const NAME_CHARS = 63;

export class Results {
  readonly stream: ReadableStream<Uint8Array>;
  #out: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor() {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (out) => {
          this.#out = out;
        },
        cancel: () => {
          this.#out = undefined;
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: BATCH_UNREAD_BYTES }),
    );
  }

  /** Whether nobody reads any more. */
  get left(): boolean {
    return this.#out === undefined;
  }

  taken(line: number, { outcome, agent }: Enrolled): void {
    this.#tell({ line, name: agent.name, status: STATUS[outcome], outcome, revision: agent.revision });
  }

  refused(line: number, name: unknown, rejection: Rejection): void {
    const { status } = PROBLEMS[rejection.code];
    const named = typeof name === "string" ? { name: name.slice(0, NAME_CHARS).toWellFormed() } : {};
    // A reader that is far behind may read nothing before it has sent all: what waits for it must stay small.
    const crowded = (this.#out?.desiredSize ?? 0) <= 0;
    const { errors: _, ...problem } = problemBody(rejection);
    const { code } = rejection;
    this.#tell({ line, ...named, status, outcome: "refused", problem: crowded ? short(problem, code) : problem });
  }

  end(): void {
    this.#out?.close();
    this.#out = undefined;
  }

  #tell(result: object): void {
    this.#out?.enqueue(encoder.encode(`${JSON.stringify(result)}\n`));
  }
}

function short({ type, title, status, retryable }: Record<string, unknown>, code: string) {
  return { type, title, status, code, detail: "Read the results while you send: there are too many.", retryable };
}
