/** What makes the call of a task. The entry point provides it: the core keeps tasks, and knows no surface. */
import type { AdmittedHop, Relay } from "../hop/call.ts";
import type { CallEnd, TaskCall } from "./task.ts";

export interface CallRun {
  /** Under it the call is made once, also when it is made again after a crash. */
  readonly idempotencyKey: string;
  readonly relay: Relay;
  readonly signal: AbortSignal;
  readonly onAdmitted?: ((hop: AdmittedHop) => void) | undefined;
  readonly onChunk?: ((chunk: unknown) => void) | undefined;
}

export interface TaskSurface {
  /** Makes a call. Never throws what the call itself has ended with. */
  readonly call: (
    call: TaskCall,
    run: CallRun,
    env: unknown,
    defer: (work: Promise<unknown>) => void,
  ) => Promise<CallEnd>;
  /** How a call has ended that a crash has cut off: what the mesh's own refusal says of it is a failure, and no result. */
  readonly recovered: (end: CallEnd) => CallEnd;
}

let provided: TaskSurface | undefined;

export function provideTaskSurface(surface: TaskSurface): void {
  provided = surface;
}

/** @throws {Error} where none was provided */
export function taskSurface(): TaskSurface {
  if (provided === undefined) throw new Error("Nothing was provided that makes the calls of tasks.");
  return provided;
}
