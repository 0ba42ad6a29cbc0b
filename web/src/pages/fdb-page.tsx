/** Which address is where. */
export function FdbPage() {
  return <h1>Forwarding table</h1>;
}
