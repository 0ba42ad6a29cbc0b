import { useDashboard } from "../dashboard.ts";
import { useStore } from "../data/use-store.ts";
import { formatOrder, type Order, parseOrder } from "./order.ts";

/** How a page's table is looked at; it is in the address, so that a link or a new login shows the same. */
export interface TableQuery {
  readonly search: string;
  /** Empty: all. */
  readonly network: string;
  readonly order: Order;
  readonly setOrder: (order: Order) => void;
  readonly set: (changes: Readonly<Record<string, string>>) => void;
}

export function useTableQuery(usual: Order): TableQuery {
  const { router } = useDashboard();
  const { query } = useStore(router.route);
  return {
    search: query.search ?? "",
    network: query.network ?? "",
    order: parseOrder(query.sort, usual),
    setOrder: (order) => router.setQuery({ sort: formatOrder(order) }),
    set: (changes) => router.setQuery(changes),
  };
}
