/** Which drawings of the chain are shown. */
export const VIEWS = { both: "Both", graph: "Graph", timeline: "Timeline" } as const;
export type View = keyof typeof VIEWS;

export function viewOf(name: string | undefined): View {
  return name !== undefined && Object.hasOwn(VIEWS, name) ? (name as View) : "both";
}

export function ViewSwitch({ view, onView }: { readonly view: View; readonly onView: (view: View) => void }) {
  return (
    <fieldset class="switch">
      <legend class="unseen">Show</legend>
      {Object.entries(VIEWS).map(([name, word]) => (
        <label key={name} class={name === view ? "on" : undefined}>
          <input type="radio" name="view" value={name} checked={name === view} onChange={() => onView(name as View)} />
          {word}
        </label>
      ))}
    </fieldset>
  );
}
