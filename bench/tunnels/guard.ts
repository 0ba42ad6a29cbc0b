/** Ours without TLS, on a server whose configuration file switches the guard off, or leaves it as it is by default: on. */
import { buildConfigured } from "./configured.ts";
import type { BuildTunnel } from "./tunnel.ts";

export function buildGuarded(guard: "on" | "off"): BuildTunnel {
  return (lab) => buildConfigured(lab, guard === "off" ? { guard } : {});
}
