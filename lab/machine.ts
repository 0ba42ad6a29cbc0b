import { cpus, release } from "node:os";

/** What figures were measured on, for whoever compares them: processors, kernel, Node. */
export function describeMachine(): string {
  const processors = cpus();
  return `${processors.length} × ${processors[0]?.model ?? "unknown"}, Linux ${release()}, Node ${process.versions.node}`;
}
