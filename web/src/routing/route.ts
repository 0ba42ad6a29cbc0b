/** The pages that the menu shows, in its order. */
export const PAGES = ["overview", "peers", "network", "fdb", "events", "drops", "bans", "server"] as const;
export type PageName = (typeof PAGES)[number];

/** What the address bar says: a page, perhaps one peer, and how its table is looked at. */
export interface Route {
  readonly page: PageName;
  /** Of the page `peers`: this peer's own page. */
  readonly id: string | undefined;
  readonly query: Readonly<Record<string, string>>;
}

/**
 * A route lives behind the `#`: the server then needs to know one address only, and works under any path.
 * What is no page is the overview.
 */
export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#?\/?/, "").split(/\?(.*)/s);
  const [name = "", id = ""] = path.split("/");
  const page = PAGES.find((one) => one === name) ?? "overview";
  const query = Object.fromEntries(new URLSearchParams(search));
  return { page, id: page === "peers" && id !== "" ? decode(id) : undefined, query };
}

/** Parameters that are empty are left out. */
export function formatRoute(page: PageName, id?: string, query: Readonly<Record<string, string>> = {}): string {
  const path = `#/${page === "overview" ? "" : page}${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;
  const given = Object.entries(query).filter(([, value]) => value !== "");
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** The one-use ticket of an address that `vpn-ws dashboard` printed. */
export function ticketIn(hash: string): string | undefined {
  return /^#ticket=([\w.~-]+)$/.exec(hash)?.[1];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
