import type { PeerDetail } from "../../../src/control/model.ts";
import { ActionButton } from "../actions/action-button.tsx";
import { ActionDialog } from "../actions/action-dialog.tsx";
import { CaptureDialog } from "../actions/capture-dialog.tsx";
import { IsolateDialog } from "../actions/isolate-dialog.tsx";
import { KickDialog } from "../actions/kick-dialog.tsx";
import { RateDialog } from "../actions/rate-dialog.tsx";
import { useDashboard } from "../dashboard.ts";
import { nameOf } from "../text/names.ts";

/** What an admin may do to a peer. */
export function PeerActions({ peer, onDone }: { peer: PeerDetail; onDone: () => void }) {
  return (
    <>
      <ActionButton label="Capture…" dialog={(close) => <CaptureDialog peer={peer} onClose={close} />} />
      <ActionButton label="Rates…" dialog={(close) => <RateDialog peer={peer} onClose={close} onDone={onDone} />} />
      <ActionButton
        label="Isolation…"
        dialog={(close) => <IsolateDialog peer={peer} onClose={close} onDone={onDone} />}
      />
      <ActionButton
        label="Forget learned…"
        dialog={(close) => <FlushDialog peer={peer} onClose={close} onDone={onDone} />}
      />
      <ActionButton label="Send away…" isDanger dialog={(close) => <KickDialog peer={peer} onClose={close} />} />
    </>
  );
}

interface FlushDialogProps {
  readonly peer: PeerDetail;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function FlushDialog({ peer, onClose, onDone }: FlushDialogProps) {
  const { api } = useDashboard();
  return (
    <ActionDialog
      title={`Forget what was learned of ${nameOf(peer)}`}
      verb="Forget"
      act={() => api.flushFdb(peer.id)}
      onClose={onClose}
      onDone={onDone}
    >
      <p>Its learned addresses leave the forwarding table, until they are heard again. Pinned ones stay.</p>
    </ActionDialog>
  );
}
