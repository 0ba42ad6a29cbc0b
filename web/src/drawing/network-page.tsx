/** The network as a picture. */
export function NetworkPage() {
  return <h1>Network</h1>;
}
