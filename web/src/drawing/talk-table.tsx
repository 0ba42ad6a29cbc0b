import { PeerLink } from "../parts/peer-link.tsx";
import { formatBits, formatCount, formatPerSecond } from "../text/format.ts";
import { nameOf } from "../text/names.ts";
import type { DrawingView } from "./drawing-source.ts";
import type { Scene } from "./scene.ts";

/** So many are a table that one reads. */
const LISTED = 20;

/** The drawing in words: who talks the most. */
export function TalkTable({ view }: { readonly view: DrawingView }) {
  return (
    <section class="panel" aria-labelledby="talk-title">
      <h2 id="talk-title">Who talks the most</h2>
      {view.talks.length === 0 ? (
        <p class="quiet">Nothing was heard yet; it is measured while this page is open.</p>
      ) : (
        <table class="talks">
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col" class="wide-only">
                Network
              </th>
              <th scope="col" class="number">
                Rate
              </th>
              <th scope="col" class="number wide-only">
                Frames/s
              </th>
            </tr>
          </thead>
          <tbody>
            {view.talks.slice(0, LISTED).map(({ network, from, to, bitsPerSecond, framesPerSecond }) => (
              <tr key={`${from} ${to}`}>
                <td>
                  <Name id={from} scene={view.scene} />
                </td>
                <td>
                  <Name id={to} scene={view.scene} />
                </td>
                <td class="wide-only">{network}</td>
                <td class="number">{formatBits(bitsPerSecond)}</td>
                <td class="number wide-only">{formatPerSecond(framesPerSecond)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {view.uncountedFrames > 0 && (
        <p class="quiet">
          More pairs talk than the server counts: {formatCount(view.uncountedFrames)} frames are missing here.
        </p>
      )}
    </section>
  );
}

function Name({ id, scene }: { readonly id: string; readonly scene: Scene }) {
  const row = scene.rows.get(id);
  return row === undefined ? <span>{id}</span> : <PeerLink id={id} name={nameOf(row)} />;
}
