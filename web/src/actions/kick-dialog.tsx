import type { PeerRow } from "../../../src/control/model.ts";
import { useDashboard } from "../dashboard.ts";
import { nameOf } from "../text/names.ts";
import { ActionDialog } from "./action-dialog.tsx";

const HOUR_MS = 3_600_000;
const BANS: readonly (readonly [number, string])[] = [
  [0, "may come back at once"],
  [HOUR_MS / 6, "may not come back for 10 minutes"],
  [HOUR_MS, "may not come back for an hour"],
  [24 * HOUR_MS, "may not come back for a day"],
  [7 * 24 * HOUR_MS, "may not come back for a week"],
  [30 * 24 * HOUR_MS, "may not come back for 30 days"],
];

/** In characters; the server's limit is in bytes. */
const MAX_REASON_LENGTH = 100;

export function KickDialog({ peer, onClose }: { peer: PeerRow; onClose: () => void }) {
  const { api } = useDashboard();
  const act = (fields: FormData) => api.kick(peer.id, String(fields.get("reason")).trim(), Number(fields.get("banMs")));
  return (
    <ActionDialog title={`Send ${nameOf(peer)} away`} verb="Send away" isDanger act={act} onClose={onClose}>
      <label class="field">
        Reason, which it is told
        <input name="reason" maxLength={MAX_REASON_LENGTH} placeholder="closed by the operator" autocomplete="off" />
      </label>
      <label class="field">
        Then it
        <select name="banMs">
          {BANS.map(([banMs, words]) => (
            <option key={banMs} value={banMs}>
              {words}
            </option>
          ))}
        </select>
      </label>
    </ActionDialog>
  );
}
