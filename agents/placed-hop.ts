/** What a hop is wherever its handler runs: its place in the chain, its report, its log. How it calls on differs. */
import type { ReportedUsage } from "../mesh/budget.ts";
import type { CallOptions, CallResult, HopPlace } from "./define.ts";

export abstract class PlacedHop implements HopPlace {
  readonly chainId: string;
  readonly hopId: string;
  readonly agent: string;
  readonly skill: string;
  readonly depth: number;
  readonly deadlineMs: number;
  #reported: ReportedUsage = { tokens: 0, costMicros: 0 };

  constructor({ chainId, hopId, agent, skill, depth, deadlineMs }: HopPlace) {
    this.chainId = chainId;
    this.hopId = hopId;
    this.agent = agent;
    this.skill = skill;
    this.depth = depth;
    this.deadlineMs = deadlineMs;
  }

  abstract invoke(agent: string, input: unknown, options?: CallOptions): Promise<CallResult>;

  async call(agent: string, input: unknown, options: CallOptions = {}): Promise<unknown> {
    return (await this.invoke(agent, input, options)).output;
  }

  /** What the handler has reported of this attempt. */
  get reported(): ReportedUsage {
    return this.#reported;
  }

  /** Another attempt reports anew: the last one's use is booked. */
  forgetReports(): void {
    this.#reported = { tokens: 0, costMicros: 0 };
  }

  /** @throws {RangeError} for what is no whole number from 0 */
  report({ tokens = 0, costMicros = 0 }: Partial<ReportedUsage>): void {
    if (![tokens, costMicros].every((amount) => Number.isSafeInteger(amount) && amount >= 0)) {
      throw new RangeError("A reported usage is made of whole numbers from 0: tokens, costMicros.");
    }
    this.#reported = { tokens: this.#reported.tokens + tokens, costMicros: this.#reported.costMicros + costMicros };
  }

  log(message: string, data: Record<string, unknown> = {}): void {
    const { chainId, hopId, agent, skill } = this;
    console.log(JSON.stringify({ message, chainId, hopId, agent, skill, ...data }));
  }
}
