/** The table of operations, in the order in which the document has them. */
import type { Operation } from "./operation.ts";
import { agentOperations } from "./operations/agents.ts";
import { chainOperations } from "./operations/chains.ts";
import { eventOperations } from "./operations/events.ts";
import { graphOperations } from "./operations/graph.ts";
import { invokeOperations } from "./operations/invoke.ts";
import { keyOperations } from "./operations/keys.ts";
import { serviceOperations } from "./operations/service.ts";
import { toolOperations } from "./operations/tools.ts";

/** Everything that the API can do. A test holds it to the routes that are mounted. */
export const OPERATIONS: readonly Operation[] = [
  ...agentOperations,
  ...invokeOperations,
  ...toolOperations,
  ...chainOperations,
  ...eventOperations,
  ...graphOperations,
  ...keyOperations,
  ...serviceOperations,
];
