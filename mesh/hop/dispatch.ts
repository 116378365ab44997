/** admit → call → settle: the only place that knows the order of a hop. */
import { HopRejected } from "../../agents/define.ts";
import type { Admitted } from "../chain/facts.ts";
import { SLOT_WAIT_MS } from "../limits.ts";
import type { Mesh } from "../mesh.ts";
import type { Agent } from "../schema.ts";
import { transportOf } from "../transport/kinds.ts";
import type { Delivered, Delivery } from "../transport/transport.ts";
import type { Heard } from "./breaker.ts";
import { type Barred, type Passed, passTo } from "./breakers.ts";
import type { HopCall, Outcome } from "./call.ts";
import { HopCapability } from "./capability.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { retryDelay } from "./retry.ts";
import { send, UNAVAILABLE } from "./send.ts";
import { type Ended, endOf, leave, settle, settleLate, usageHere } from "./settle.ts";
import { takeSlot } from "./slots.ts";
import { forgetToken, signHopToken } from "./token.ts";
import { awaitOutcome, type Stopped, Watch } from "./watch.ts";

/** Runs one call through the mesh, from its admission to its settlement. Never throws a refusal: it is an outcome. */
export function dispatch(mesh: Mesh, call: HopCall): Promise<Outcome> {
  const running = throughMesh(mesh, call);
  // The hop goes on when its client leaves: requests of this platform don't notice. What it calls goes on with it.
  const isWithin = call.caller.kind === "hop" && call.caller.running !== undefined;
  if (!isWithin) mesh.defer(running.catch(() => undefined));
  return running;
}

async function throughMesh(mesh: Mesh, call: HopCall): Promise<Outcome> {
  const prepared = await prepare(mesh, call);
  if (!("ask" in prepared)) return { ok: false, rejection: prepared };
  const { callee } = prepared;
  const passed = callee && passToAgent(mesh, callee.agent);
  if (passed?.pass === false) return admitted(mesh, call, barred(prepared, passed), undefined);
  const release =
    callee && (await takeSlot(`${mesh.name}/${callee.agent.name}`, callee.agent.maxConcurrency, SLOT_WAIT_MS));
  try {
    return await admitted(
      mesh,
      call,
      callee !== undefined && release === undefined ? busy(prepared, callee.agent.maxConcurrency) : prepared,
      passed,
    );
  } finally {
    // A trial that was never made leaves the next call to be one.
    passed?.heard("unknown", mesh.now());
    release?.();
  }
}

/** By a circuit breaker; agents of the deployment itself have none. */
function passToAgent(mesh: Mesh, { name, revision, timeoutMs, endpoint }: Agent): Passed | Barred | undefined {
  if (endpoint.kind !== "http" && endpoint.kind !== "mcp") return undefined;
  return passTo({ mesh: mesh.name, agent: name, revision }, timeoutMs, mesh.now());
}

function barred({ ask, payload }: Prepared, { retryAfterMs }: Barred): Prepared {
  const detail = `Agent '${ask.callee}' has failed repeatedly and is not called for now. Try again in ${Math.ceil(retryAfterMs / 1_000)} s, or use another agent.`;
  return { ask: { ...ask, refused: { code: "agent_unavailable", detail, retryAfterMs } }, payload };
}

function busy({ ask, payload }: Prepared, limit: number): Prepared {
  const detail = `Agent '${ask.callee}' has ${limit} calls open here, the most it takes. Try again in a second.`;
  return { ask: { ...ask, refused: { code: "rate_limited", detail, limit, retryAfterMs: SLOT_WAIT_MS } }, payload };
}

async function admitted(mesh: Mesh, call: HopCall, prepared: Prepared, passed: Passed | undefined): Promise<Outcome> {
  const { ask } = prepared;
  const decision = await send(mesh, ask);
  const place = { chainId: ask.chainId, hopId: ask.hopId };
  if (decision === undefined || decision.verdict === "settled") return { ok: false, rejection: UNAVAILABLE };
  if (decision.verdict === "joined") return awaitOutcome(mesh, decision.chainId, decision.hopId);
  if (decision.verdict === "rejected") {
    const { recorded, rejection } = decision;
    // A refusal that only counts still belongs to its chain; that of a dead token belongs to none.
    const named = recorded || rejection.code !== "token_invalid";
    return { ok: false, rejection, ...(named ? place : {}), ...(recorded ? {} : { hopId: undefined }) };
  }
  return run(mesh, call, prepared, decision, passed);
}

async function run(
  mesh: Mesh,
  call: HopCall,
  prepared: Prepared,
  admission: Admitted,
  passed: Passed | undefined,
): Promise<Outcome> {
  const { ask, payload, callee } = prepared;
  if (callee === undefined) return { ok: false, rejection: UNAVAILABLE };
  const { chainId, hopId } = ask;
  const { deadlineMs, depth, seq } = admission;
  call.onAdmitted?.({ chainId, hopId, seq });
  const startedAt = mesh.now();
  const caller = call.caller.kind === "hop" ? (call.caller.running ?? call.within) : call.within;
  const watch = new Watch(mesh, { chainId, hopId, callee: ask.callee, deadlineMs }, caller, call.signal);
  const hop = new HopCapability(
    mesh,
    {
      chainId,
      hopId,
      agent: ask.callee,
      skill: ask.skill,
      depth,
      deadlineMs,
      watch,
      builtin: callee.agent.endpoint.kind === "builtin",
      onChunk: call.onChunk,
      relay: call.relay,
    },
    dispatch,
  );
  let token: string | undefined;
  const delivery: Delivery = {
    mesh,
    agent: callee.agent,
    skill: callee.skill,
    input: call.input,
    inputJson: payload.json,
    chainId,
    hopId,
    depth,
    deadlineMs,
    get signal() {
      return watch.stopSignal;
    },
    hop,
    relay: call.relay,
    token: async () => {
      const claims = { mesh: mesh.name, agent: ask.callee, hopId, chainId, expiresAtMs: deadlineMs };
      token ??= await signHopToken(claims, (await mesh.keyring()).signing, mesh.now());
      return token;
    },
  };
  try {
    const { ended, attempt } = await attempts(mesh, delivery, hop, watch, admission, passed);
    const usage = usageHere(call, prepared, hop, ended);
    if (usage === undefined) return await settle(mesh, prepared, ended, attempt);
    return leave(mesh, prepared, ended, attempt, { ...usage, wallMs: mesh.now() - startedAt });
  } finally {
    watch.end();
    if (token !== undefined) forgetToken(token);
  }
}

/** The attempts of one hop. Each further one is reserved in the ledger before it is made. */
async function attempts(
  mesh: Mesh,
  delivery: Delivery,
  hop: HopCapability,
  watch: Watch,
  first: Admitted,
  passed: Passed | undefined,
): Promise<{ ended: Ended; attempt: number }> {
  const isBuiltin = delivery.agent.endpoint.kind === "builtin";
  const fullTime = delivery.deadlineMs - mesh.now() >= delivery.agent.timeoutMs * FULL_TIME;
  for (let attempt = first.attempt; ; attempt++) {
    const delivered = deliver(delivery);
    // A timer costs more than an agent that only computes.
    if (!isBuiltin || !(await endsAtOnce(delivered))) watch.begin();
    const result = await Promise.race([delivered, watch.stopped]);
    passed?.heard(heardOf(result, fullTime), mesh.now());
    if (!("ok" in result)) {
      mesh.defer(settleLate(mesh, delivery, hop, delivered, attempt));
      return { ended: { ...result, bytes: 0, ...hop.reported }, attempt };
    }
    const ended = await endOf(delivery, hop, result);
    // What was emitted was heard: another attempt would say it again.
    const failed = result.ok || hop.emittedBytes > 0 || passed?.goesOn() === false ? undefined : result;
    const wait = failed && delayOf(mesh, delivery, failed, attempt);
    if (wait === undefined) return { ended, attempt };
    const { chainId, hopId } = delivery;
    const { bytes, tokens, costMicros } = ended;
    if ((await Promise.race([scheduler.wait(wait), watch.stopped])) !== undefined) return { ended, attempt };
    const used = { bytes, tokens, costMicros };
    const again = await send(mesh, { type: "retry", chainId, hopId, attempt, used, why: failed?.rejection });
    if (again?.verdict !== "admitted") return { ended, attempt };
    hop.forgetReports();
  }
}

/** Steps that an agent which waits for nothing may take, and a good many more. */
const STEPS = 30;

/** Whether a call ends before the event loop turns: no time passes in it, so nobody has to watch it. */
async function endsAtOnce(delivered: Promise<unknown>): Promise<boolean> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  void delivered.then(end, end);
  for (let step = 0; step < STEPS && !ended; step++) await undefined;
  return ended;
}

/** A callee that had less than this part of its time is not to blame for a deadline: its caller's was shorter. */
const FULL_TIME = 0.9;

/** What an end says of the callee's health. */
function heardOf(result: Delivered | Stopped, fullTime: boolean): Heard {
  if (!("ok" in result)) return result.rejection.code === "deadline_exceeded" && fullTime ? "sick" : "unknown";
  if (result.ok) return "well";
  return result.sick === undefined ? "unknown" : result.sick ? "sick" : "well";
}

function delayOf(
  mesh: Mesh,
  { agent, deadlineMs }: Delivery,
  result: Delivered & { ok: false },
  attempt: number,
): number | undefined {
  const { transient, retryAfterMs } = result;
  const remainingMs = deadlineMs - mesh.now();
  return retryDelay({ attempt, idempotent: agent.idempotent, transient, retryAfterMs, remainingMs }, Math.random());
}

/** A transport that throws has failed itself, unless it was stopped: then the race is already decided. */
async function deliver(delivery: Delivery): Promise<Delivered> {
  try {
    return await transportOf(delivery.agent.endpoint.kind)(delivery);
  } catch (error) {
    if (!delivery.signal.aborted && !(error instanceof HopRejected))
      console.error("dispatch: a transport failed", error);
    const detail = `Agent '${delivery.agent.name}' could not be called.`;
    return {
      ok: false,
      rejection: { code: "upstream_error", detail },
      usage: { tokens: 0, costMicros: 0 },
      transient: false,
    };
  }
}
