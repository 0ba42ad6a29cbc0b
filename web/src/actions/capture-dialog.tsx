import { useEffect, useState } from "preact/hooks";
import type { PeerRow } from "../../../src/control/model.ts";
import { useDashboard } from "../dashboard.ts";
import { Store } from "../data/store.ts";
import { useStore } from "../data/use-store.ts";
import { Dialog } from "../parts/dialog.tsx";
import { formatBytes } from "../text/format.ts";
import { nameOf } from "../text/names.ts";
import { CaptureRun, type CaptureState, MAX_CAPTURE_BYTES } from "./capture-run.ts";

const IDLE = new Store<CaptureState>({ state: "idle" });

/** Records a peer's frames and gives them as a file for Wireshark. */
export function CaptureDialog({ peer, onClose }: { peer: PeerRow; onClose: () => void }) {
  const { api } = useDashboard();
  const [run, setRun] = useState<CaptureRun>();
  const state = useStore(run?.state ?? IDLE);
  useEffect(() => () => run?.stop(), [run]);
  const start = (event: SubmitEvent): void => {
    event.preventDefault();
    const filter = String(new FormData(event.currentTarget as HTMLFormElement).get("filter")).trim();
    const next = new CaptureRun((signal) => api.capture(peer.id, filter, signal));
    setRun(next);
    void next.run();
  };
  const isRunning = state.state === "running";
  return (
    <Dialog title={`Capture frames of ${nameOf(peer)}`} onClose={onClose}>
      <form onSubmit={start}>
        <label class="field">
          <span>
            Filter, such as <code>arp or port 53</code>; empty: everything
          </span>
          <input name="filter" autocomplete="off" autocapitalize="none" spellcheck={false} disabled={isRunning} />
        </label>
        <p class="quiet">
          Up to {formatBytes(MAX_CAPTURE_BYTES)} as pcapng. It may hold what people say to each other.
        </p>
        <CaptureWords state={state} name={`${peer.user || `peer-${peer.id}`}.pcapng`} />
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Close
          </button>
          {/* Keys, because a button that becomes a submitting one while it is clicked submits. */}
          {isRunning ? (
            <button key="stop" type="button" class="primary" onClick={() => run?.stop()}>
              Stop
            </button>
          ) : (
            <button key="start" type="submit" class="primary">
              Start
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function CaptureWords({ state, name }: { state: CaptureState; name: string }) {
  if (state.state === "idle") return null;
  if (state.state === "running") return <p role="status">Capturing: {formatBytes(state.bytes)}</p>;
  return (
    <p role="status">
      {state.why} {state.file.size > 0 && <FileLink file={state.file} name={name} />}
    </p>
  );
}

function FileLink({ file, name }: { file: Blob; name: string }) {
  const [address, setAddress] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return (
    <a href={address} download={name}>
      Save {name}, {formatBytes(file.size)}
    </a>
  );
}
