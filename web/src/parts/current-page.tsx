import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { useDashboard } from "../dashboard.ts";
import { useStore } from "../data/use-store.ts";
import { NetworkPage } from "../drawing/network-page.tsx";
import { BansPage } from "../pages/bans-page.tsx";
import { DropsPage } from "../pages/drops-page.tsx";
import { EventsPage } from "../pages/events-page.tsx";
import { FdbPage } from "../pages/fdb-page.tsx";
import { OverviewPage } from "../pages/overview-page.tsx";
import { PeerPage } from "../pages/peer-page.tsx";
import { PeersPage } from "../pages/peers-page.tsx";
import { ServerPage } from "../pages/server-page.tsx";
import type { PageName } from "../routing/route.ts";
import { PAGE_TITLES } from "./page-titles.ts";

const PAGE_COMPONENTS: Readonly<Record<PageName, ComponentType>> = {
  overview: OverviewPage,
  peers: PeersPage,
  network: NetworkPage,
  fdb: FdbPage,
  events: EventsPage,
  drops: DropsPage,
  bans: BansPage,
  server: ServerPage,
};

/** The page that the address bar names. */
export function CurrentPage() {
  const { page, id } = useStore(useDashboard().router.route);
  useEffect(() => {
    document.title = `${PAGE_TITLES[page]} · vpn-ws`;
    scrollTo(0, 0);
  }, [page]);
  // The key makes another peer's page a new one.
  if (id !== undefined) return <PeerPage key={id} id={id} />;
  const Page = PAGE_COMPONENTS[page];
  return <Page />;
}
