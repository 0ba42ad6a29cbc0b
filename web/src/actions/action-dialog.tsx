import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useDashboard } from "../dashboard.ts";
import type { Done } from "../data/server-api.ts";
import { Dialog } from "../parts/dialog.tsx";

export interface ActionDialogProps {
  readonly title: string;
  /** On the button that does it. */
  readonly verb: string;
  /** Does harm: the button shows that. */
  readonly isDanger?: boolean;
  /** Does it, with what was filled in. */
  readonly act: (fields: FormData) => Promise<Done>;
  readonly onClose: () => void;
  /** After it was done. */
  readonly onDone?: () => void;
  readonly children: ComponentChildren;
}

/** Asks, does, and says what was done; what the server refuses is said here, and what was filled in stays. */
export function ActionDialog({ title, verb, isDanger, act, onClose, onDone, children }: ActionDialogProps) {
  const { notices } = useDashboard();
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setBusy(true);
    act(new FormData(event.currentTarget as HTMLFormElement))
      .then(({ message }) => {
        notices.tell("good", message);
        onClose();
        onDone?.();
      })
      .catch((error: Error) => {
        setProblem(error.message);
        setBusy(false);
      });
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={isDanger ? "danger" : "primary"} disabled={isBusy}>
            {verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
