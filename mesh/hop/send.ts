/** Sends a message to the ledger of its chain. What can't be decided is refused. */
import type { Answer, Message } from "../chain/facts.ts";
import type { Mesh } from "../mesh.ts";
import type { Rejection } from "../rejection.ts";

export const UNAVAILABLE: Rejection = {
  code: "ledger_unavailable",
  detail: "The ledger could not be reached, so the call was not started. Try again.",
};

/** @returns nothing when the ledger can't be reached: what can't be decided is refused */
export async function send(mesh: Mesh, message: Message): Promise<Answer | undefined> {
  try {
    const { courier, ledger } = mesh.line(message.chainId);
    return await courier.send(message, ledger, mesh);
  } catch (error) {
    console.error("dispatch: the ledger did not answer", error);
    mesh.forgetLine(message.chainId);
    return undefined;
  }
}
