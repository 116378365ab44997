/** A form to call an agent, made of its skill's input schema. */
import { useMemo, useState } from "preact/hooks";
import { BUDGET_FIELDS, type BudgetTyped, budgetOf } from "../form/budget.ts";
import { FieldInput } from "../form/field-input.tsx";
import { fieldOf } from "../form/fields.ts";
import { type FieldErrors, initialOf, madeOf, type Typed } from "../form/values.ts";
import type { Agent, Skill } from "../shapes.ts";
import type { Call } from "./use-invocation.ts";

interface InvokeFormProps {
  readonly agent: Agent;
  readonly onCall: (call: Call) => void;
}

export function InvokeForm({ agent, onCall }: InvokeFormProps) {
  const [id, setId] = useState(agent.skills[0]?.id ?? "");
  const skill = agent.skills.find((one) => one.id === id);
  return (
    <section class="invoke" aria-labelledby="invoke-title">
      <h2 id="invoke-title">Call it</h2>
      {agent.skills.length < 2 ? null : (
        <div class="field">
          <label for="skill">Skill</label>
          <select id="skill" value={id} onChange={(event) => setId(event.currentTarget.value)}>
            {agent.skills.map((one) => (
              <option key={one.id} value={one.id}>
                {one.id}
              </option>
            ))}
          </select>
        </div>
      )}
      {skill === undefined ? null : <SkillForm key={skill.id} agent={agent} skill={skill} onCall={onCall} />}
    </section>
  );
}

/** Calls of this page, so that each has a run of its own. */
let calls = 0;

function SkillForm({ agent, skill, onCall }: InvokeFormProps & { readonly skill: Skill }) {
  const field = useMemo(() => fieldOf(skill.inputSchema, skill.examples[0]), [skill]);
  const [typed, setTyped] = useState<Typed>(() => initialOf(field));
  const [budgetTyped, setBudgetTyped] = useState<BudgetTyped>({});
  const [errors, setErrors] = useState<FieldErrors>({});
  const submit = (event: Event) => {
    event.preventDefault();
    const input = madeOf(field, typed);
    const budget = budgetOf(budgetTyped);
    setErrors({ ...(input.ok ? {} : input.errors), ...(budget.ok ? {} : prefixed(budget.errors)) });
    if (!input.ok || !budget.ok) return;
    calls += 1;
    const body = { input: input.value, skill: skill.id, budget: budget.budget };
    onCall({ number: calls, agent: agent.name, body });
  };
  return (
    <form onSubmit={submit} noValidate>
      <FieldInput field={field} typed={typed} path="" errors={errors} onType={setTyped} />
      <fieldset class="group budget-fields">
        <legend>
          Budget <span class="soft">optional; empty is the mesh's default</span>
        </legend>
        {BUDGET_FIELDS.map(({ name, word }) => (
          <div class="field" key={name}>
            <label for={`budget-${name}`}>{word}</label>
            <input
              id={`budget-${name}`}
              type="text"
              inputMode="decimal"
              autocomplete="off"
              value={budgetTyped[name] ?? ""}
              aria-invalid={errors[`budget ${name}`] !== undefined}
              aria-describedby={errors[`budget ${name}`] === undefined ? undefined : `budget-${name}-error`}
              onInput={(event) => setBudgetTyped({ ...budgetTyped, [name]: event.currentTarget.value })}
            />
            {errors[`budget ${name}`] === undefined ? null : (
              <p class="field-error" id={`budget-${name}-error`}>
                ✗ {errors[`budget ${name}`]}
              </p>
            )}
          </div>
        ))}
      </fieldset>
      <p class="form-end">
        <button type="submit" class="primary">
          Call
        </button>
        <span class="field-error" role="status">
          {Object.keys(errors).length === 0 ? "" : "✗ Some fields are not right yet."}
        </span>
      </p>
    </form>
  );
}

function prefixed(errors: FieldErrors): FieldErrors {
  return Object.fromEntries(Object.entries(errors).map(([name, error]) => [`budget ${name}`, error]));
}
