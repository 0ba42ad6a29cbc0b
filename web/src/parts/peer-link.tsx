import { formatRoute } from "../routing/route.ts";

/** To a peer's own page; an uplink has one too. */
export function PeerLink({ id, name }: { id: string; name: string }) {
  return (
    <a href={formatRoute("peers", id)} title={name}>
      {name}
    </a>
  );
}
