/** A call that was made here: its chain growing, what came of it. */
import { useState } from "preact/hooks";
import { cost, counted, duration } from "../../../mesh/chain/render/words.ts";
import { HopDetail } from "../chain/hop-detail.tsx";
import { GraphPanel } from "../graph/graph-panel.tsx";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import { HopStatusMark } from "../parts/status.tsx";
import { Json } from "../parts/text.tsx";
import { useEscape } from "../parts/use-escape.ts";
import { Refusal } from "../session/api.ts";
import { href } from "../session/route.ts";
import type { InvokeResult } from "../shapes.ts";
import { type Call, type End, type Invocation, Stopped, useInvocation } from "./use-invocation.ts";

export function InvokeRun({ call, onClose }: { readonly call: Call; readonly onClose: () => void }) {
  const run = useInvocation(call);
  const { chainId, hops, chunks, end } = run;
  const [picked, setPicked] = useState<string>();
  const hop = hops.find(({ hopId }) => hopId === picked);
  const close = () => setPicked(undefined);
  useEscape(hop === undefined ? undefined : close);
  return (
    <section class="run" aria-label="The call">
      <div class="head">
        <h2>The call</h2>
        <p class="state" role="status">
          <HopStatusMark status={statusOf(end)} />
        </p>
        <div class="actions">
          {chainId === undefined ? null : <ChainLink chainId={chainId} isOpen={end === undefined} />}
          {end === undefined ? (
            <button type="button" onClick={run.stop}>
              Stop
            </button>
          ) : (
            <button type="button" onClick={onClose}>
              Clear
            </button>
          )}
        </div>
      </div>
      {end === undefined ? <p class="help">Leaving this page, or stopping, cancels the chain.</p> : null}
      <Outcome end={end} />
      <Chunks chunks={chunks} />
      {hops.length === 0 ? null : (
        <GraphPanel hops={hops} picked={picked} onPick={setPicked} alone={false} principal={hops[0]?.caller ?? ""} />
      )}
      {hop === undefined ? null : (
        <HopDetail
          hop={hop}
          hops={hops}
          from={hops[0]?.startedAt ?? hop.startedAt}
          now={Date.now()}
          onPick={setPicked}
          onClose={close}
        />
      )}
    </section>
  );
}

/** While the call runs, its chain is watched beside it: leaving this page would cancel it. */
function ChainLink({ chainId, isOpen }: { readonly chainId: string; readonly isOpen: boolean }) {
  return (
    <a href={href(`/chains/${chainId}`)} target={isOpen ? "_blank" : undefined} rel="noopener">
      Its chain
    </a>
  );
}

function statusOf(end: End | undefined) {
  if (end === undefined) return "open";
  if ("result" in end) return "done";
  return end.error instanceof Stopped ? "cancelled" : "error";
}

function Outcome({ end }: Pick<Invocation, "end">) {
  if (end === undefined) return null;
  if ("result" in end) return <Result result={end.result} />;
  const { error } = end;
  if (error instanceof Refusal) return <ProblemNotice error={error} />;
  return <Notice title={error.message} tone={error instanceof Stopped ? "plain" : "bad"} />;
}

function Result({ result: { output, usage } }: { readonly result: InvokeResult }) {
  const used = [
    counted(usage.hops, "hop"),
    duration(usage.wallMs),
    usage.tokens === 0 ? "" : counted(usage.tokens, "token"),
    usage.costMicros === 0 ? "" : cost(usage.costMicros),
  ];
  return (
    <>
      <h3>
        Output <span class="soft">{used.filter((part) => part !== "").join(" · ")}</span>
      </h3>
      <Json value={output} />
    </>
  );
}

function Chunks({ chunks }: Pick<Invocation, "chunks">) {
  if (chunks.length === 0) return null;
  const isText = chunks.every((chunk) => typeof chunk === "string");
  return (
    <>
      <h3>
        Emitted <span class="soft">{counted(chunks.length, "piece")}</span>
      </h3>
      <Json value={isText ? chunks.join("") : chunks} />
    </>
  );
}
