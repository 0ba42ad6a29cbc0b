import type { PeerRow } from "../../../src/control/model.ts";
import { formatRoute } from "../routing/route.ts";
import { formatBits } from "../text/format.ts";
import { nameOf } from "../text/names.ts";
import type { DrawingView } from "./drawing-source.ts";
import { labelOf } from "./paint-names.ts";
import type { DrawnNode, Layout } from "./placing.ts";
import { SYMBOL_MEANINGS, symbolOf } from "./symbol.ts";

interface NodeDetailsProps {
  readonly view: DrawingView;
  readonly layout: Layout;
  readonly node: DrawnNode | undefined;
}

/** Longer lists are on the peer's own page. */
const LISTED = 6;

/** What is known of who is pointed at. */
export function NodeDetails({ view, layout, node }: NodeDetailsProps) {
  if (node === undefined)
    return <p class="quiet">Point at somebody, or walk with the arrow keys. Enter or a click opens.</p>;
  const row = view.scene.rows.get(node.id);
  return (
    <section aria-label="Pointed at">
      <h2>
        {row === undefined ? labelOf(node, view.scene) : <a href={formatRoute("peers", row.id)}>{nameOf(row)}</a>}
      </h2>
      <p>{SYMBOL_MEANINGS[symbolOf(node, view.scene)]}</p>
      {row !== undefined && <RowFacts row={row} />}
      <Mates view={view} layout={layout} node={node} />
      <Behind macs={view.scene.behind.get(node.id) ?? []} />
    </section>
  );
}

function RowFacts({ row }: { readonly row: PeerRow }) {
  const facts = [
    ["Network", row.network],
    ["MAC", row.mac],
    ["From", row.address],
    ["Program", row.agent],
    ["Round trip", row.roundTripMs === null ? null : `${row.roundTripMs.toFixed(1)} ms`],
    ["Only reaches", row.isolated ? "the uplink: it is isolated" : null],
  ] as const;
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== null && value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** With whom it talks the most. */
function Mates({ view, layout, node }: NodeDetailsProps & { readonly node: DrawnNode }) {
  const talks = view.talks.filter(({ from, to }) => layout.nodeOf.get(from) === node || layout.nodeOf.get(to) === node);
  if (talks.length === 0) return null;
  const nameFor = (id: string): string => {
    const row = view.scene.rows.get(id);
    return row === undefined ? id : nameOf(row);
  };
  return (
    <ul class="mates" aria-label="Talks">
      {talks.slice(0, LISTED).map(({ from, to, bitsPerSecond }) => (
        <li key={`${from} ${to}`}>
          {layout.nodeOf.get(from) === node && node.kind !== "group" ? `to ${nameFor(to)}` : `from ${nameFor(from)}`}:{" "}
          {formatBits(bitsPerSecond)}
        </li>
      ))}
      {talks.length > LISTED && <li class="quiet">and {talks.length - LISTED} more</li>}
    </ul>
  );
}

function Behind({ macs }: { readonly macs: readonly string[] }) {
  if (macs.length === 0) return null;
  return (
    <ul class="mates mono" aria-label="Behind this bridge">
      {macs.slice(0, LISTED).map((mac) => (
        <li key={mac}>{mac}</li>
      ))}
      {macs.length > LISTED && <li class="quiet">and {macs.length - LISTED} more behind it</li>}
    </ul>
  );
}
