import type { ControlModel } from "../control/control-model.ts";
import { MetricsRegistry } from "./metrics-registry.ts";
import { type Route, route } from "./route.ts";

/** Where Prometheus looks, outside of the API: names of metrics are versions of their own. */
export function metricsRoutes(model: ControlModel): readonly Route[] {
  const registry = new MetricsRegistry(model);
  return [
    route({
      method: "GET",
      path: "/metrics",
      summary: "Counters and gauges, in Prometheus's text format.",
      role: "viewer",
      answer: { status: 200, type: "text/plain", description: "One family of metrics after the other." },
      handle: async () => new Response(await registry.text(), { headers: { "content-type": registry.contentType } }),
    }),
  ];
}
