import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { browserClock } from "./data/browser-clock.ts";
import { openEventSource } from "./data/event-source.ts";
import { JsonRequests } from "./data/json-requests.ts";
import { LiveData } from "./data/live-data.ts";
import { LiveFeed } from "./data/live-feed.ts";
import { Notices } from "./data/notices.ts";
import { ServerApi } from "./data/server-api.ts";
import { Session } from "./data/session.ts";
import { Theme } from "./data/theme.ts";
import { Router } from "./routing/router.ts";

/** Everything that pages lean on. */
export interface Dashboard {
  readonly api: ServerApi;
  readonly session: Session;
  readonly feed: LiveFeed;
  readonly live: LiveData;
  readonly router: Router;
  readonly notices: Notices;
  readonly theme: Theme;
}

export function createDashboard(): Dashboard {
  const base = new URL("api/v1/", document.baseURI).href;
  // A lambda, because fetch must be called as the window's own.
  const requests = new JsonRequests(
    { fetch: (...request) => fetch(...request), onUnauthorized: () => session.end() },
    { base },
  );
  const api = new ServerApi(requests);
  const clock = browserClock;
  const session = new Session(api, clock);
  const live = new LiveData(api, clock);
  const feed = new LiveFeed({
    clock,
    open: openEventSource(`${base}live`),
    mayRetry: () => session.isAlive(),
    random: Math.random,
    listener: live,
  });
  return { api, session, feed, live, router: new Router(), notices: new Notices(clock), theme: new Theme() };
}

export const DashboardContext = createContext<Dashboard | undefined>(undefined);

export function useDashboard(): Dashboard {
  const dashboard = useContext(DashboardContext);
  if (dashboard === undefined) throw new Error("a page stands outside of the dashboard");
  return dashboard;
}
