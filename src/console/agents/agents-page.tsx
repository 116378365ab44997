/** The agents of the mesh: searched as one types, by what they do. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Loading, Notice, ProblemNotice } from "../parts/notice.tsx";
import { Name, Text } from "../parts/text.tsx";
import { askJson } from "../session/api.ts";
import { usePoll } from "../session/poll.ts";
import { href, replaceRoute } from "../session/route.ts";
import type { Agent, Page } from "../shapes.ts";

type Params = Readonly<Record<string, string>>;

/** Pause in typing after which is searched, in milliseconds. */
const PAUSE_MS = 250;
const KINDS = ["builtin", "binding", "http"] as const;

export function AgentsPage({ params }: { readonly params: Params }) {
  const { q, kind, skill, cursor } = params;
  const given = Object.entries({ q, kind, skill, cursor }).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams(given as [string, string][]);
  const { value, error } = usePoll(
    (signal) => askJson<Page<Agent>>(`/v1/agents?${query}`, { signal }),
    undefined,
    query.toString(),
  );
  return (
    <>
      <div class="head">
        <h1>Agents</h1>
      </div>
      <Search params={params} />
      {error === undefined ? null : <ProblemNotice error={error} />}
      {value === undefined ? error === undefined && <Loading what="agents" /> : <List page={value} params={params} />}
    </>
  );
}

function Search({ params }: { readonly params: Params }) {
  const [text, setText] = useState(params.q ?? "");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const set = (name: string, value: string) =>
    replaceRoute(href("/agents", { ...params, cursor: undefined, [name]: value }));
  // A link or the back button may have changed what is searched for.
  useEffect(() => setText(params.q ?? ""), [params.q]);
  return (
    <search aria-label="Agents">
      <form class="filter" onSubmit={(event) => event.preventDefault()}>
        <label class="wide">
          Search
          <input
            type="search"
            value={text}
            maxLength={256}
            placeholder="names, skills, what they do"
            onInput={({ currentTarget: { value } }) => {
              setText(value);
              clearTimeout(timer.current);
              timer.current = setTimeout(() => set("q", value.trim()), PAUSE_MS);
            }}
          />
        </label>
        <label>
          Kind
          <select value={params.kind ?? ""} onChange={(event) => set("kind", event.currentTarget.value)}>
            <option value="">any</option>
            {KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {kind}
              </option>
            ))}
          </select>
        </label>
        {params.skill === undefined ? null : (
          <button type="button" onClick={() => set("skill", "")}>
            Skill: <Name of={params.skill} /> ✕<span class="unseen">: remove this filter</span>
          </button>
        )}
      </form>
    </search>
  );
}

function List({ page: { items, nextCursor }, params }: { readonly page: Page<Agent>; readonly params: Params }) {
  if (items.length === 0) return <Empty isFiltered={Object.keys(params).length > 0} />;
  return (
    <>
      <table class="rows agents">
        <caption class="unseen">Agents</caption>
        <thead>
          <tr>
            <th scope="col">Agent</th>
            <th scope="col">What it does</th>
            <th scope="col">Skills</th>
            <th scope="col">Kind</th>
            <th scope="col">Status</th>
          </tr>
        </thead>
        <tbody>
          {items.map((agent) => (
            <Row key={agent.name} agent={agent} />
          ))}
        </tbody>
      </table>
      <nav class="pages" aria-label="Pages">
        {params.cursor === undefined ? null : <a href={href("/agents", { ...params, cursor: undefined })}>First</a>}
        {nextCursor === undefined ? null : <a href={href("/agents", { ...params, cursor: nextCursor })}>More</a>}
      </nav>
    </>
  );
}

/** Skills that a row shows; the agent's page has all. */
const SKILLS = 4;

function Row({ agent: { name, version, description, skills, endpoint, status } }: { readonly agent: Agent }) {
  return (
    <tr>
      <td class="cell-agent">
        <a class="row-link" href={href(`/agents/${name}`)}>
          <Name of={name} />
        </a>{" "}
        <span class="soft">{version}</span>
      </td>
      <td class="cell-what">
        <Text of={description} />
      </td>
      <td class="cell-skills">
        {skills.slice(0, SKILLS).map(({ id }) => (
          <a key={id} class="chip" href={href("/agents", { skill: id })} aria-label={`Agents with the skill ${id}`}>
            <Name of={id} />
          </a>
        ))}
        {skills.length > SKILLS ? <span class="soft">+{skills.length - SKILLS}</span> : null}
      </td>
      <td class="cell-kind soft">{endpoint.kind}</td>
      <td class="cell-status">
        <AgentStatusMark status={status} />
      </td>
    </tr>
  );
}

const SIGNS: Readonly<Record<Agent["status"], string>> = { active: "●", draining: "◐", quarantined: "⊘" };

export function AgentStatusMark({ status }: { readonly status: Agent["status"] }) {
  return (
    <span class={`mark agent-${status}`}>
      <span aria-hidden="true">{SIGNS[status]}</span> {status}
    </span>
  );
}

function Empty({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <Notice title="No agent fits">
        <p>
          <a href={href("/agents")}>Show all agents</a>
        </p>
      </Notice>
    );
  }
  return (
    <Notice title="No agents yet">
      <p>Any HTTP server that answers JSON can be one. Register it:</p>
      <pre class="json">{`curl -s ${location.origin}/v1/agents \\
  -H "Authorization: Bearer $KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"name":"greeter","version":"1.0.0","endpoint":{"kind":"http","url":"http://127.0.0.1:9001/"}}'`}</pre>
    </Notice>
  );
}
