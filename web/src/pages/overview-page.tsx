/** How the server is, at one glance. */
export function OverviewPage() {
  return <h1>Overview</h1>;
}
