/** The chains of the mesh, newest first: the first page is live, older ones are turned to. */
import { useRef } from "preact/hooks";
import { duration } from "../../../mesh/chain/render/words.ts";
import { Loading, Notice, ProblemNotice } from "../parts/notice.tsx";
import { ChainStatusMark } from "../parts/status.tsx";
import { Name, Time } from "../parts/text.tsx";
import { askJson } from "../session/api.ts";
import { usePoll } from "../session/poll.ts";
import { href } from "../session/route.ts";
import type { ChainItem, Page } from "../shapes.ts";
import { Filter } from "./filter.tsx";
import { type Params, queryOf } from "./query.ts";

const EVERY_MS = 2_000;

export function ChainsPage({ params }: { readonly params: Params }) {
  const isFirst = params.cursor === undefined;
  const what = JSON.stringify(params);
  const { value, error, lost } = usePoll(
    (signal) => askJson<Page<ChainItem>>(`/v1/chains?${queryOf(params, Date.now())}`, { signal }),
    isFirst ? EVERY_MS : undefined,
    what,
  );
  return (
    <>
      <div class="head">
        <h1>Chains</h1>
        <p class="live" role="status">
          <Liveness isFirst={isFirst} lost={lost} known={value !== undefined} />
        </p>
      </div>
      <Filter params={params} />
      {error === undefined ? null : <ProblemNotice error={error} />}
      {value === undefined ? error === undefined && <Loading what="chains" /> : <List page={value} params={params} />}
    </>
  );
}

function Liveness(props: { readonly isFirst: boolean; readonly lost: boolean; readonly known: boolean }) {
  if (props.lost) return <span class="mark error">no answer, trying again</span>;
  if (!props.isFirst) return <>older chains</>;
  return props.known ? (
    <span class="mark open">
      <span class="pulse" aria-hidden="true">
        ●
      </span>
      live
    </span>
  ) : null;
}

function List({ page: { items, nextCursor }, params }: { readonly page: Page<ChainItem>; readonly params: Params }) {
  const news = useNews(items);
  if (items.length === 0) return <Empty params={params} />;
  return (
    <>
      <table class="rows chains">
        <caption class="unseen">Chains, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Status</th>
            <th scope="col">Root agent</th>
            <th scope="col">Chain</th>
            <th scope="col">Started by</th>
            <th scope="col" class="right">
              Started
            </th>
            <th scope="col" class="right">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <Row key={item.chainId} item={item} isNew={news.has(item.chainId)} />
          ))}
        </tbody>
      </table>
      <nav class="pages" aria-label="Pages">
        {params.cursor === undefined ? null : <a href={href("/chains", { ...params, cursor: undefined })}>Newest</a>}
        {nextCursor === undefined ? null : <a href={href("/chains", { ...params, cursor: nextCursor })}>Older</a>}
      </nav>
    </>
  );
}

function Row({ item, isNew }: { readonly item: ChainItem; readonly isNew: boolean }) {
  const { chainId, status, root, startedAt, endedAt } = item;
  return (
    <tr class={isNew ? "new" : undefined}>
      <td class="cell-status">
        <ChainStatusMark status={status} />
      </td>
      <td class="cell-agent">
        <Name of={root.agent} />
      </td>
      <td class="cell-id">
        <a class="row-link id" href={href(`/chains/${chainId}`)} aria-label={`Chain ${chainId} of ${root.agent}`}>
          {chainId}
        </a>
      </td>
      <td class="cell-by soft">
        <Name of={root.principal} />
      </td>
      <td class="cell-at right">
        <Time at={startedAt} />
      </td>
      <td class="cell-took right">{endedAt === null ? "…" : duration(endedAt - startedAt)}</td>
    </tr>
  );
}

/** Chains that were not there when the list was last looked at; none at the first look. */
function useNews(items: readonly ChainItem[]): ReadonlySet<string> {
  const seen = useRef<Set<string>>(undefined);
  const before = seen.current;
  seen.current = new Set([...(before ?? []), ...items.map(({ chainId }) => chainId)]);
  return before === undefined
    ? new Set()
    : new Set(items.map(({ chainId }) => chainId).filter((id) => !before.has(id)));
}

function Empty({ params }: { readonly params: Params }) {
  if (Object.keys(params).length > 0) {
    return (
      <Notice title="No chain fits">
        <p>
          <a href={href("/chains")}>Show all chains</a>
        </p>
      </Notice>
    );
  }
  return (
    <Notice title="No chains yet">
      <p>
        Every call of an agent starts one. Call one <a href={href("/agents")}>from here</a>, or from a terminal:
      </p>
      <pre class="json">{`curl -s ${location.origin}/v1/agents/echo/invoke \\
  -H "Authorization: Bearer $KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"input": "hello"}'`}</pre>
    </Notice>
  );
}
