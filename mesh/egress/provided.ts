/** What an object may reach that works without a request, by its alarm. The entry point provides it: it knows the settings. */
import type { EgressPolicy } from "./address.ts";

let provided: ((env: unknown) => EgressPolicy) | undefined;

export function provideEgressPolicy(policyOf: (env: unknown) => EgressPolicy): void {
  provided = policyOf;
}

/** @throws {Error} where none was provided: then nothing is reached */
export function egressPolicy(env: unknown): EgressPolicy {
  if (provided === undefined) throw new Error("Nothing was provided that says what may be reached.");
  return provided(env);
}
