import type { PageName } from "../routing/route.ts";

export const PAGE_TITLES: Readonly<Record<PageName, string>> = {
  overview: "Overview",
  peers: "Peers",
  network: "Network",
  fdb: "FDB",
  events: "Events",
  drops: "Drops",
  bans: "Bans",
  server: "Server",
};
