/** The server itself, and what can be done to it. */
export function ServerPage() {
  return <h1>Server</h1>;
}
