import type { ControlModel } from "../control/control-model.ts";
import { captureRoutes } from "./capture-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { fdbRoutes } from "./fdb-routes.ts";
import type { LiveFeed } from "./live-feed.ts";
import { metricsRoutes } from "./metrics-routes.ts";
import { overviewRoutes } from "./overview-routes.ts";
import { peerRoutes } from "./peer-routes.ts";
import type { Route } from "./route.ts";
import { serverActionRoutes } from "./server-action-routes.ts";
import { type SessionRouteDeps, sessionRoutes } from "./session-routes.ts";

export interface RoutesDeps extends SessionRouteDeps {
  readonly model: ControlModel;
  readonly live: LiveFeed;
}

/** Everything that can be asked of a server: requests are routed by this table, and the OpenAPI document is made of it. */
export function makeRoutes(deps: RoutesDeps): readonly Route[] {
  const { model, live } = deps;
  return [
    ...overviewRoutes(model),
    ...peerRoutes(model),
    ...fdbRoutes(model),
    ...eventRoutes(model, live),
    ...captureRoutes(model),
    ...serverActionRoutes(model),
    ...sessionRoutes(deps),
    ...metricsRoutes(model),
  ];
}
