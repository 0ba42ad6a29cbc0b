/** Everything about one peer. */
export function PeerPage({ id }: { id: string }) {
  return <h1>Peer {id}</h1>;
}
