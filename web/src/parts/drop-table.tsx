import type { DropRow } from "../../../src/control/model.ts";
import { formatCount } from "../text/format.ts";
import { Scrolls } from "./scrolls.tsx";

const DIRECTIONS: Readonly<Record<DropRow["direction"], string>> = { ingress: "from a peer", egress: "for a peer" };

/** Frames by reason, each with its meaning. */
export function DropTable({ rows }: { rows: readonly Omit<DropRow, "network">[] }) {
  if (rows.length === 0) return <p class="empty">Nothing was dropped.</p>;
  return (
    <Scrolls label="Drops by reason">
      <table class="plain drops">
        <thead>
          <tr>
            <th>Reason</th>
            <th>Frames</th>
            <th class="figure">Lost</th>
            <th>What that means</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ reason, direction, frames, explanation }) => (
            <tr key={`${reason} ${direction}`}>
              <td class="mono">{reason}</td>
              <td>{DIRECTIONS[direction]}</td>
              <td class="figure">{formatCount(frames)}</td>
              <td class="meaning">{explanation}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}
