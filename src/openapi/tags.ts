/** The chapters of the API, in the order in which one reads them. */

export const TAGS = {
  Agents: "What can be called. An agent is registered with its endpoint and skills, and is then reached by its name.",
  Invoke: "Calls. A root call starts a chain; a call with a hop token continues the one that it was made in.",
  Tools: "Every skill by the name that models call it.",
  Chains: "Everything that one root call has caused: its state, its budget, its hops.",
  Graph: "Who called whom: of one chain, and of the whole mesh.",
  Keys: "Who may do what.",
  Service: "Open to all: health, public keys, this description.",
} as const;
export type Tag = keyof typeof TAGS;
