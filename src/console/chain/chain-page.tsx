/** One chain: what it is, what it may use, its call graph and its timeline, and the hop that was picked. */
import { shownName } from "../../../mesh/chain/render/text.ts";
import { GraphPanel } from "../graph/graph-panel.tsx";
import { Loading, Notice, ProblemNotice } from "../parts/notice.tsx";
import { useEscape } from "../parts/use-escape.ts";
import { Refusal } from "../session/api.ts";
import { href, replaceRoute } from "../session/route.ts";
import { TimelinePanel } from "../timeline/timeline-panel.tsx";
import { Budgets } from "./budgets.tsx";
import { ChainHead } from "./chain-head.tsx";
import { HopDetail } from "./hop-detail.tsx";
import { useChain } from "./use-chain.ts";
import { useNow } from "./use-now.ts";
import { ViewSwitch, viewOf } from "./view-switch.tsx";

interface ChainPageProps {
  readonly chainId: string;
  readonly params: Readonly<Record<string, string>>;
}

export function ChainPage({ chainId, params }: ChainPageProps) {
  const { chain, hops, link, error } = useChain(chainId);
  const now = useNow(chain);
  const here = `/chains/${chainId}`;
  const select = (hop: string | undefined) => replaceRoute(href(here, { ...params, hop }));
  const picked = params.hop;
  const close = () => {
    select(undefined);
    // What had the focus goes: it returns to where hops are picked.
    document.querySelector<HTMLElement>("[role=tree]")?.focus({ preventScroll: true });
  };
  useEscape(picked === undefined ? undefined : () => select(undefined));
  if (error !== undefined && chain === undefined) return <Missing error={error} />;
  if (chain === undefined) return <Loading what="the chain" />;
  const view = viewOf(params.view);
  const hop = picked === undefined ? undefined : hops.find(({ hopId }) => hopId === picked);
  const panel = { hops, picked, onPick: select };
  return (
    <>
      <ChainHead chain={chain} link={link} now={now}>
        <ViewSwitch view={view} onView={(next) => replaceRoute(href(here, { ...params, view: next }))} />
      </ChainHead>
      {error === undefined ? null : <ProblemNotice error={error} />}
      <Budgets chain={chain} now={now} />
      <div class={hop === undefined ? "desk" : "desk picked"}>
        <div class="views">
          {view === "timeline" ? null : (
            <GraphPanel {...panel} principal={chain.root.principal} alone={view === "graph"} />
          )}
          {view === "graph" ? null : (
            <TimelinePanel {...panel} from={chain.startedAt} now={now} alone={view === "timeline"} />
          )}
        </div>
        {hop === undefined ? null : (
          <HopDetail hop={hop} hops={hops} from={chain.startedAt} now={now} onPick={select} onClose={close} />
        )}
        <p class="unseen" role="status">
          {hop === undefined ? "" : `Shown beside: ${shownName(hop.callee, 63)}, ${hop.status}. Escape closes it.`}
        </p>
      </div>
    </>
  );
}

function Missing({ error }: { readonly error: Error }) {
  if (!(error instanceof Refusal) || ![400, 404].includes(error.problem.status)) return <ProblemNotice error={error} />;
  return (
    <Notice title="There is no such chain">
      <p>Chains are kept for seven days after their end. Or it belongs to another mesh than the key.</p>
      <p>
        <a href={href("/chains")}>Go to the chains</a>
      </p>
    </Notice>
  );
}
