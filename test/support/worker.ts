/** The Worker under test: the product's, with agents that the tests need and one behind a service binding. */
import { bindingAgent } from "../../agents/binding.ts";
import { provideBuiltins } from "../../mesh/builtins.ts";
import { relay, testAgents } from "./workers/agents.ts";

provideBuiltins(testAgents);

export class Reviewer extends bindingAgent(relay("reviewer")) {}

export { default, Ledger, McpSession, MeshIndex, Registry, TaskDesk } from "../../src/index.ts";
