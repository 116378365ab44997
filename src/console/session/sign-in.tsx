/** Asks for a key, and says why one is needed. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Text } from "../parts/text.tsx";
import { keepKey, whyRefused } from "./key.ts";

export function SignIn() {
  const [key, setKey] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const why = whyRefused();
  useEffect(() => field.current?.focus(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    if (key.trim() !== "") keepKey(key.trim());
  };
  return (
    <main id="content" class="sign-in">
      <form onSubmit={submit}>
        <h1>Hopline</h1>
        <p class="lead">The console shows chains of calls between agents as they happen.</p>
        {why === undefined ? null : (
          <p class="field-error" role="alert">
            <span aria-hidden="true">✗ </span>
            The key was refused. <Text of={why} /> Paste another one.
          </p>
        )}
        <label for="key">Key</label>
        <input
          id="key"
          ref={field}
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
          aria-describedby="key-help"
          required
        />
        <p id="key-help" class="help">
          <code>npm start</code> prints one, and a link that brings it along. Reading needs the scope <code>read</code>,
          calling and cancelling <code>invoke</code>. It stays in this tab, and is gone when the tab is closed.
        </p>
        <button type="submit" class="primary">
          Open the console
        </button>
      </form>
    </main>
  );
}
