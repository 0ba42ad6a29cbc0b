import type { PeerDetail } from "../../../src/control/model.ts";
import { useDashboard } from "../dashboard.ts";
import { nameOf } from "../text/names.ts";
import { ActionDialog } from "./action-dialog.tsx";

const MBIT = 1_000_000;

export interface RateDialogProps {
  readonly peer: PeerDetail;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function RateDialog({ peer, onClose, onDone }: RateDialogProps) {
  const { api } = useDashboard();
  const act = (fields: FormData) => api.limitRate(peer.id, bitsOf(fields.get("up")), bitsOf(fields.get("down")));
  return (
    <ActionDialog title={`Rates of ${nameOf(peer)}`} verb="Set" act={act} onClose={onClose} onDone={onDone}>
      <p>An empty field takes what its policy says. What you set holds until it leaves.</p>
      <RateField name="up" label="It may send, Mbit/s" bits={peer.rateUp} />
      <RateField name="down" label="It may be sent, Mbit/s" bits={peer.rateDown} />
    </ActionDialog>
  );
}

function RateField({ name, label, bits }: { name: string; label: string; bits: number | null }) {
  const now = bits === null ? "" : String(bits / MBIT);
  return (
    <label class="field">
      {label}
      <input name={name} type="number" min="0.008" max="1000000" step="any" inputmode="decimal" defaultValue={now} />
    </label>
  );
}

function bitsOf(field: FormDataEntryValue | null): number | null {
  const text = String(field ?? "").trim();
  return text === "" ? null : Number(text) * MBIT;
}
