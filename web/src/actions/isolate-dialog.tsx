import type { PeerRow } from "../../../src/control/model.ts";
import { useDashboard } from "../dashboard.ts";
import { nameOf } from "../text/names.ts";
import { ActionDialog } from "./action-dialog.tsx";

const CHOICES = [
  ["isolate", "reaches nothing but the uplink", true],
  ["join", "reaches the others", false],
  ["policy", "what its policy says", null],
] as const;

export interface IsolateDialogProps {
  readonly peer: PeerRow;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function IsolateDialog({ peer, onClose, onDone }: IsolateDialogProps) {
  const { api } = useDashboard();
  const act = (fields: FormData) => {
    const chosen = CHOICES.find(([value]) => value === fields.get("isolated"));
    return api.isolate(peer.id, chosen?.[2] ?? null);
  };
  return (
    <ActionDialog title={`Isolation of ${nameOf(peer)}`} verb="Set" act={act} onClose={onClose} onDone={onDone}>
      <p>
        Now it {peer.isolated ? "reaches nothing but the uplink" : "reaches the others"}. What you choose holds until it
        leaves.
      </p>
      <fieldset class="choices stacked">
        <legend class="hidden">Isolation</legend>
        {CHOICES.map(([value, words, isolated]) => (
          <label key={value}>
            <input type="radio" name="isolated" value={value} defaultChecked={isolated === !peer.isolated} />
            {words}
          </label>
        ))}
      </fieldset>
    </ActionDialog>
  );
}
