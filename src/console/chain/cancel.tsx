/** Cancels a chain, after asking once more: it can't be taken back. */
import { useRef, useState } from "preact/hooks";
import { ProblemNotice } from "../parts/notice.tsx";
import { ask } from "../session/api.ts";

export function Cancel({ chainId }: { readonly chainId: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const cancel = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await ask(`/v1/chains/${chainId}/cancel`, { method: "POST" });
      dialog.current?.close();
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
    setBusy(false);
  };
  return (
    <>
      <button type="button" class="danger" onClick={() => dialog.current?.showModal()}>
        Cancel…
      </button>
      <dialog ref={dialog} aria-labelledby="cancel-title">
        <h2 id="cancel-title">Cancel this chain?</h2>
        <p>Everything of it that runs is told to stop, and nothing more of it starts. What was used stays charged.</p>
        {error === undefined ? null : <ProblemNotice error={error} />}
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it running
          </button>
          <button type="button" class="danger" disabled={isBusy} onClick={() => void cancel()}>
            Cancel the chain
          </button>
        </div>
      </dialog>
    </>
  );
}
