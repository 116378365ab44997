/** How an agent stands by its health checks. Pure: how it stood and how a check ended in, how it stands out. */
import type { HealthCheck } from "../schema.ts";

export interface Standing {
  /** Of one that is `unknown` nothing is said: it is called. */
  readonly state: "unknown" | "healthy" | "unhealthy";
  /** Epoch milliseconds. */
  readonly since: number;
  /** Checks in a row that speak against the state. */
  readonly streak: number;
}

/** The first good word is believed at once; a state that is known changes by as many checks in a row as the rules say. */
export function afterCheck(
  standing: Standing,
  well: boolean,
  { unhealthyAfter, healthyAfter }: Pick<HealthCheck, "unhealthyAfter" | "healthyAfter">,
  now: number,
): Standing {
  const { state, streak } = standing;
  const turned = (to: "healthy" | "unhealthy"): Standing => ({ state: to, since: now, streak: 0 });
  switch (state) {
    case "unknown":
      if (well) return turned("healthy");
      return streak + 1 >= unhealthyAfter ? turned("unhealthy") : { ...standing, streak: streak + 1 };
    case "healthy":
      if (well) return { ...standing, streak: 0 };
      return streak + 1 >= unhealthyAfter ? turned("unhealthy") : { ...standing, streak: streak + 1 };
    case "unhealthy":
      if (!well) return { ...standing, streak: 0 };
      return streak + 1 >= healthyAfter ? turned("healthy") : { ...standing, streak: streak + 1 };
    default:
      return state satisfies never;
  }
}
