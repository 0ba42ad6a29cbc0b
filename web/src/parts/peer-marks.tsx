import type { PeerRow } from "../../../src/control/model.ts";

const STATES: Readonly<Record<PeerRow["state"], readonly [kind: string, meaning: string]>> = {
  open: ["good", "It is connected."],
  held: ["warn", "It has no connection at the moment; its place is kept for a while."],
  leaving: ["warn", "It was told to go, and is going."],
};

/** What state a peer is in, and what is special about it; that it is open goes without saying then. */
export function PeerMarks({ peer }: { peer: PeerRow }) {
  const [kind, meaning] = STATES[peer.state];
  const isOrdinary = !(peer.shut || peer.isolated || peer.bridge || peer.guest);
  return (
    <>
      {(isOrdinary || peer.state !== "open") && <Mark kind={kind} text={peer.state} meaning={meaning} />}
      {peer.shut && <Mark kind="bad" text="shut" meaning="The guard shut it for a while: there is a loop behind it." />}
      {peer.isolated && <Mark kind="" text="isolated" meaning="It reaches nothing but the uplink." />}
      {peer.bridge && <Mark kind="" text="bridge" meaning="There may be many addresses behind it." />}
      {peer.guest && <Mark kind="" text="guest" meaning="It only looks: somebody runs the doctor." />}
    </>
  );
}

function Mark({ kind, text, meaning }: { kind: string; text: string; meaning: string }) {
  return (
    <span class={`mark ${kind}`} title={meaning}>
      {text}
    </span>
  );
}
