import type { DropCounts, DropRow, PeerDetail } from "../../../src/control/model.ts";
import { useDashboard } from "../dashboard.ts";
import { TABLE_PERIOD_MS, usePoll } from "../data/use-poll.ts";
import { DropTable } from "../parts/drop-table.tsx";

/** What was lost of a peer's frames; the server's own table knows what each reason means. */
export function PeerDrops({ peer }: { peer: PeerDetail }) {
  const { api } = useDashboard();
  const { value = [] } = usePoll(() => api.drops(), TABLE_PERIOD_MS);
  const meanings = new Map(value.map(({ reason, explanation }) => [reason, explanation]));
  const rows = [
    ...rowsOf("ingress", peer.ingressDrops, meanings),
    ...rowsOf("egress", peer.egressDrops, meanings),
  ].sort((a, b) => b.frames - a.frames);
  return (
    <section class="panel">
      <h2>Drops</h2>
      <DropTable rows={rows} />
    </section>
  );
}

function rowsOf(
  direction: DropRow["direction"],
  counts: DropCounts,
  meanings: ReadonlyMap<string, string>,
): readonly Omit<DropRow, "network">[] {
  return Object.entries(counts).map(([reason, frames = 0]) => {
    return { direction, reason, frames, explanation: meanings.get(reason) ?? "" };
  });
}
