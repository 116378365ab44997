/** Places at an agent, per isolate: isolates do not see each other's calls, so the whole may be a multiple of the limit. */

interface Agent {
  running: number;
  readonly waiting: Set<() => void>;
}

const agents = new Map<string, Agent>();

/** Gives the place back; a second call does nothing. */
export type Release = () => void;

/**
 * Takes a place, waiting for one at most `waitMs`.
 * @returns nothing when there was none in that time
 */
export async function takeSlot(key: string, most: number, waitMs: number): Promise<Release | undefined> {
  const agent = agents.get(key) ?? { running: 0, waiting: new Set() };
  agents.set(key, agent);
  if (agent.running < most) agent.running += 1;
  else if (!(await turnCame(agent, waitMs))) return undefined;
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    // The place goes from hand to hand: nobody can take it in between.
    const [next] = agent.waiting;
    if (next !== undefined) return next();
    agent.running -= 1;
    if (agent.running === 0) agents.delete(key);
  };
}

function turnCame(agent: Agent, waitMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const wake = () => {
    clearTimeout(timer);
    agent.waiting.delete(wake);
    resolve(true);
  };
  const timer = setTimeout(() => {
    agent.waiting.delete(wake);
    resolve(false);
  }, waitMs);
  agent.waiting.add(wake);
  return promise;
}
