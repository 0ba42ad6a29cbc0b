/** Who may not join for a while. */
export function BansPage() {
  return <h1>Bans</h1>;
}
