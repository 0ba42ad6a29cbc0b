import type { ConnectionInfo, PeerDetail } from "../../../src/control/model.ts";
import { useDashboard } from "../dashboard.ts";
import { Scrolls } from "../parts/scrolls.tsx";
import { formatBytes, formatCount, formatMs, formatSpan } from "../text/format.ts";

const HOW: Readonly<Record<PeerDetail["addresses"][number]["how"], string>> = {
  claimed: "it said so",
  leased: "a DHCP server said so",
  trusted: "its port is trusted",
  assigned: "its policy says so",
};

/** A bridge may have thousands behind it: so many are listed, and the forwarding table has them all. */
const MAX_LISTED = 50;

/** Its MACs, and the IP addresses that are known to be its own. */
export function PeerAddresses({ peer }: { peer: PeerDetail }) {
  const { macs, addresses } = peer;
  return (
    <section class="panel">
      <h2>Addresses</h2>
      <table class="plain">
        <thead>
          <tr>
            <th>Address</th>
            <th>How it is known</th>
          </tr>
        </thead>
        <tbody>
          {addresses.map(({ address, how }) => (
            <tr key={address}>
              <td class="mono">{address}</td>
              <td>{HOW[how]}</td>
            </tr>
          ))}
          {macs.slice(0, MAX_LISTED).map(({ mac, pinned, ageMs }) => (
            <tr key={mac}>
              <td class="mono">{mac}</td>
              <td>{pinned ? "pinned" : `learned, seen ${formatSpan(ageMs)} ago`}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {macs.length > MAX_LISTED && <p class="quiet">and {formatCount(macs.length - MAX_LISTED)} more MACs</p>}
      {macs.length + addresses.length === 0 && <p class="empty">None is known.</p>}
    </section>
  );
}

/** The connections that it has at the moment. */
export function PeerConnections({ peer }: { peer: PeerDetail }) {
  const { nowMs } = useDashboard().live;
  if (peer.kind === "uplink") return null;
  return (
    <section class="panel">
      <h2>Connections</h2>
      <Scrolls label="Connections">
        <table class="plain">
          <thead>
            <tr>
              <th>Number</th>
              <th>From</th>
              <th>By</th>
              <th class="figure">For</th>
              <th class="figure">Round trip</th>
              <th class="figure">Silent for</th>
              <th class="figure">Queue</th>
              <th class="figure">Received</th>
              <th class="figure">Sent</th>
              <th>Congestion control</th>
              <th class="figure">Marked (ECN)</th>
            </tr>
          </thead>
          <tbody>
            {peer.links.map((link) => (
              <ConnectionLine key={link.number} link={link} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
      </Scrolls>
      {peer.links.length === 0 && <p class="empty">None at the moment.</p>}
    </section>
  );
}

function ConnectionLine({ link, nowMs }: { link: ConnectionInfo; nowMs: number }) {
  return (
    <tr>
      <td>{link.number}</td>
      <td>{link.address}</td>
      <td>{link.via}</td>
      <td class="figure">{formatSpan(nowMs - link.sinceMs)}</td>
      <td class="figure">{link.roundTripMs === null ? "–" : formatMs(link.roundTripMs)}</td>
      <td class="figure">{formatMs(link.silentMs)}</td>
      <td class="figure">{formatBytes(link.queuedBytes)}</td>
      <td class="figure">{formatBytes(link.receivedBytes)}</td>
      <td class="figure">{formatBytes(link.sentBytes)}</td>
      <td>{link.congestionControl ?? "not known"}</td>
      <td class="figure">{formatCount(link.ecnMarks)}</td>
    </tr>
  );
}
