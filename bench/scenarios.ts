/** What is measured, and what it should come to. */

export type Kind = "builtin" | "http";

export interface Shape {
  readonly name: string;
  /** The agent that a request calls; with http agents its name has the prefix `http-`. */
  readonly agent: string;
  /** Governed hops that one request makes. */
  readonly hops: number;
}

export const SHAPES: readonly Shape[] = [
  { name: "single", agent: "leaf", hops: 1 },
  { name: "chain5", agent: "hop-1", hops: 5 },
  { name: "fan10", agent: "fan", hops: 11 },
];

export const AGENTS = ["leaf", "fan", "hop-1", "hop-2", "hop-3", "hop-4", "hop-5"];

export const CONNECTIONS = [1, 8, 32];

/** Against the floor: at most so much of its CPU a hop, at least so much of its throughput. */
export const TARGETS: Readonly<Record<Kind, { readonly cpu: number; readonly throughput: number }>> = {
  builtin: { cpu: 1.3, throughput: 0.75 },
  http: { cpu: 1.5, throughput: 0.65 },
};

export interface Scenario {
  readonly name: string;
  readonly kind: Kind;
  readonly shape: Shape;
  readonly connections: number;
}

export const SCENARIOS: readonly Scenario[] = (["builtin", "http"] as const).flatMap((kind) =>
  SHAPES.flatMap((shape) =>
    CONNECTIONS.map((connections) => ({ name: `${kind}/${shape.name}/${connections}`, kind, shape, connections })),
  ),
);

/** The input of every call. */
export const INPUT = { question: "What does a hop cost?", sources: ["ledger", "transport", "token"], limit: 10 };
