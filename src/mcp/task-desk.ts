/** The desk of whoever asks: where its tasks are, and nobody else's. */

import { hex } from "../../mesh/digest.ts";
import type { TaskDesk } from "../../mesh/task/desk.ts";
import type { TaskCall } from "../../mesh/task/task.ts";
import type { Identity } from "../auth.ts";

/** 128 random bits, and the check that they are one of this mesh's tasks of this principal. */
const TASK_ID = /^[0-9a-f]{36}$/;

/** A hop has no desk of its own: it is gone soon, and its agent stays. */
export function deskOf(
  { mesh, principal, hop }: Identity,
  desks: DurableObjectNamespace<TaskDesk>,
): DurableObjectStub<TaskDesk> {
  return desks.getByName(`${mesh.name}/${hop === undefined ? principal : `agent:${hop.agent}`}`);
}

export function callerOf({ mesh, principal, scopes, hop, deployment }: Identity): TaskCall["caller"] {
  return { mesh: mesh.name, principal, scopes: [...scopes], hop, deployment };
}

export async function newTaskId(identity: Identity): Promise<string> {
  const random = hex(identity.mesh.random(16));
  return random + (await checkOf(random, identity));
}

/** An id that was made up, or given to somebody else, wakes no object. The desk checks again, in full. */
export async function isTaskOf(id: string, identity: Identity): Promise<boolean> {
  return TASK_ID.test(id) && (await checkOf(id.slice(0, 32), identity)) === id.slice(32);
}

async function checkOf(random: string, { mesh, principal }: Identity): Promise<string> {
  return (await mesh.keyring()).check(`task ${random} ${principal}`);
}
