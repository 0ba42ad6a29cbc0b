import type { PeerDetail } from "../../../src/control/model.ts";
import { useDashboard } from "../dashboard.ts";
import { Facts, type Figure } from "../parts/figures.tsx";
import { formatBits, formatBytes, formatCount, formatMoment, formatSpan } from "../text/format.ts";

/** Who it is, where from, and what it may. */
export function PeerFacts({ peer }: { peer: PeerDetail }) {
  const { nowMs } = useDashboard().live;
  const facts = peer.kind === "uplink" ? [] : [...identityFacts(peer), ...grantFacts(peer)];
  return <Facts title="What it is" facts={[...facts, ...portFacts(peer, nowMs)]} />;
}

function identityFacts(peer: PeerDetail): readonly Figure[] {
  const { user, method, groups, distinguishedName, address, agent, dialect } = peer;
  return [
    { name: "User", value: user === "" ? "anonymous" : `${user}, by ${method}` },
    ...(groups.length === 0 ? [] : [{ name: "Groups", value: groups.join(", ") }]),
    ...(distinguishedName === "" ? [] : [{ name: "Certificate", value: distinguishedName }]),
    { name: "From", value: address },
    { name: "Client", value: agent ?? "does not say" },
    { name: "Protocol", value: dialect === "v1" ? "v1, as the original's" : (dialect ?? "–") },
  ];
}

function grantFacts({ expiresMs, rateUp, rateDown }: PeerDetail): readonly Figure[] {
  return [
    ...(expiresMs === null ? [] : [{ name: "May stay until", value: formatMoment(expiresMs) }]),
    { name: "May send", value: formatLimit(rateUp) },
    { name: "May be sent", value: formatLimit(rateDown) },
  ];
}

function portFacts(peer: PeerDetail, nowMs: number): readonly Figure[] {
  const { id, network, mac, mtu, sinceMs, traffic, wire, heldFrames, unlearnedFrames, tooBigAnswers, sentFragments } =
    peer;
  return [
    { name: "Id", value: id },
    { name: "Network", value: network },
    { name: "MAC", value: <span class="mono">{mac ?? "shows none"}</span> },
    { name: "MTU", value: mtu ?? "not known" },
    { name: "Here since", value: `${formatMoment(sinceMs)}, for ${formatSpan(nowMs - sinceMs)}` },
    {
      name: "It sent",
      value: `${formatBytes(traffic.receivedBytes)} in ${formatCount(traffic.receivedFrames)} frames`,
    },
    { name: "It was sent", value: `${formatBytes(traffic.sentBytes)} in ${formatCount(traffic.sentFrames)} frames` },
    { name: "On the wire", value: `${formatBytes(wire.receivedBytes)} from it, ${formatBytes(wire.sentBytes)} to it` },
    ...someFrames("Held until it is back", heldFrames),
    ...someFrames("Found no room in the forwarding table", unlearnedFrames),
    ...someFrames("Answered that they were too big", tooBigAnswers),
    ...someFrames("Sent in fragments", sentFragments),
  ];
}

function someFrames(name: string, frames: number): readonly Figure[] {
  return frames === 0 ? [] : [{ name, value: `${formatCount(frames)} frames` }];
}

function formatLimit(bits: number | null): string {
  return bits === null ? "as fast as it can" : formatBits(bits);
}
