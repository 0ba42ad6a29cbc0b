/** Everybody who is on. */
export function PeersPage() {
  return <h1>Peers</h1>;
}
