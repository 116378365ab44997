/** Which chains the list shows. It stands in the address: a filtered list can be kept as a link. */
import { href, replaceRoute } from "../session/route.ts";
import { type Params, SPANS, STATUSES } from "./query.ts";

export function Filter({ params }: { readonly params: Params }) {
  // What is filtered anew begins at its first page.
  const set = (name: string, value: string) =>
    replaceRoute(href("/chains", { ...params, cursor: undefined, [name]: value }));
  return (
    <search aria-label="Chains">
      <form class="filter" onSubmit={(event) => event.preventDefault()}>
        <label>
          Status
          <select value={params.status ?? ""} onChange={(event) => set("status", event.currentTarget.value)}>
            <option value="">any</option>
            {STATUSES.map((status) => (
              <option key={status} value={status}>
                {status}
              </option>
            ))}
          </select>
        </label>
        <label>
          Root agent
          <input
            type="search"
            value={params.agent ?? ""}
            placeholder="exact name"
            autocapitalize="off"
            spellcheck={false}
            onChange={(event) => set("agent", event.currentTarget.value.trim())}
          />
        </label>
        <label>
          Started
          <select value={params.since ?? ""} onChange={(event) => set("since", event.currentTarget.value)}>
            <option value="">any time</option>
            {Object.entries(SPANS).map(([name, { words }]) => (
              <option key={name} value={name}>
                {words}
              </option>
            ))}
          </select>
        </label>
      </form>
    </search>
  );
}
