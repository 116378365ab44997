/** The chain's graph as files. They are fetched with the key, which a plain link would not send. */
import { useState } from "preact/hooks";
import { ask } from "../session/api.ts";

const FORMATS = [
  { format: "svg", word: "SVG picture", suffix: "svg" },
  { format: "json", word: "JSON", suffix: "json" },
  { format: "mermaid", word: "Mermaid", suffix: "mmd" },
  { format: "dot", word: "Graphviz DOT", suffix: "dot" },
  { format: "otlp", word: "OpenTelemetry (OTLP/JSON)", suffix: "otlp.json" },
] as const;

/** How long a browser may take to begin with a file, in milliseconds. */
const KEEP_MS = 60_000;

export function Downloads({ chainId }: { readonly chainId: string }) {
  const [failed, setFailed] = useState<string>();
  const save = async ({ format, suffix }: (typeof FORMATS)[number]) => {
    setFailed(undefined);
    try {
      const response = await ask(`/v1/chains/${chainId}/graph?format=${format}`);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await response.blob());
      link.download = `chain-${chainId}.${suffix}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), KEEP_MS);
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <details class="menu">
      <summary>Save as</summary>
      <ul>
        {FORMATS.map((one) => (
          <li key={one.format}>
            <button type="button" class="quiet" onClick={() => void save(one)}>
              {one.word}
            </button>
          </li>
        ))}
      </ul>
      {failed === undefined ? null : (
        <p class="field-error" role="alert">
          ✗ {failed}
        </p>
      )}
    </details>
  );
}
