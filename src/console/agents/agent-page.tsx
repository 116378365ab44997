/** One agent: its card, and a form to call it. */
import { useState } from "preact/hooks";
import { cost, duration, grouped } from "../../../mesh/chain/render/words.ts";
import { Loading, ProblemNotice } from "../parts/notice.tsx";
import { Json, Name, Text, Time } from "../parts/text.tsx";
import { askJson } from "../session/api.ts";
import { usePoll } from "../session/poll.ts";
import { href } from "../session/route.ts";
import type { Agent, Skill } from "../shapes.ts";
import { AgentStatusMark } from "./agents-page.tsx";
import { InvokeForm } from "./invoke-form.tsx";
import { InvokeRun } from "./invoke-run.tsx";
import type { Call } from "./use-invocation.ts";

export function AgentPage({ name }: { readonly name: string; readonly params: Readonly<Record<string, string>> }) {
  const path = `/v1/agents/${encodeURIComponent(name)}`;
  const { value: agent, error } = usePoll((signal) => askJson<Agent>(path, { signal }), undefined, name);
  const [call, setCall] = useState<Call>();
  if (agent === undefined) return error === undefined ? <Loading what="the agent" /> : <ProblemNotice error={error} />;
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumbs">
        <a href={href("/agents")}>Agents</a>
      </nav>
      <div class="head">
        <h1>
          <Name of={agent.name} />
        </h1>
        <p class="state">
          <AgentStatusMark status={agent.status} />
        </p>
      </div>
      <div class="agent-desk">
        <Card agent={agent} />
        <div class="call">
          <InvokeForm key={agent.revision} agent={agent} onCall={setCall} />
          {call === undefined ? null : <InvokeRun key={call.number} call={call} onClose={() => setCall(undefined)} />}
        </div>
      </div>
    </>
  );
}

function Card({ agent }: { readonly agent: Agent }) {
  const { description, version, endpoint, estimate, timeoutMs, maxConcurrency, idempotent, owner, updatedAt, skills } =
    agent;
  const where = endpoint.kind === "http" ? endpoint.url : endpoint.kind === "binding" ? endpoint.binding : "";
  return (
    <section class="agent-card" aria-label="Card">
      {description === "" ? null : (
        <p class="lead">
          <Text of={description} />
        </p>
      )}
      <dl class="fields">
        <dt>Version</dt>
        <dd>{version}</dd>
        <dt>Endpoint</dt>
        <dd>
          {endpoint.kind} <span class="soft id">{where === "" ? null : <Text of={where} />}</span>
        </dd>
        <dt>One call</dt>
        <dd>
          at most {duration(timeoutMs)}; expected {grouped(estimate.tokens)} tokens,{" "}
          {estimate.costMicros === 0 ? "$0" : cost(estimate.costMicros)}
        </dd>
        <dt>At once</dt>
        <dd>{grouped(maxConcurrency)}</dd>
        <dt>Retried</dt>
        <dd>{idempotent ? "yes, it is idempotent" : "no"}</dd>
        <dt>Owner</dt>
        <dd>
          <Name of={owner} />
        </dd>
        <dt>Changed</dt>
        <dd>
          <Time at={updatedAt} />
        </dd>
      </dl>
      <h2>Skills</h2>
      <ul class="skills">
        {skills.map((skill) => (
          <SkillItem key={skill.id} skill={skill} />
        ))}
      </ul>
    </section>
  );
}

function SkillItem({ skill: { id, name, description, tags, inputSchema, outputSchema } }: { readonly skill: Skill }) {
  return (
    <li>
      <h3>
        <Name of={id} />
        {name === undefined ? null : (
          <span class="soft">
            {" "}
            <Text of={name} />
          </span>
        )}
      </h3>
      {description === "" ? null : (
        <p>
          <Text of={description} />
        </p>
      )}
      {tags.length === 0 ? null : (
        <p class="soft">
          <Text of={tags.join(", ")} />
        </p>
      )}
      <details>
        <summary>Input and output schema</summary>
        <Json value={inputSchema} />
        <Json value={outputSchema} />
      </details>
    </li>
  );
}
