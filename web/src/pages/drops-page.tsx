/** What was lost, and why. */
export function DropsPage() {
  return <h1>Drops</h1>;
}
