import { Store } from "../data/store.ts";
import { formatRoute, parseRoute, type Route, ticketIn } from "./route.ts";

/** The address bar as a store. */
export class Router {
  readonly route = new Store<Route>(parseRoute(location.hash));

  constructor() {
    addEventListener("hashchange", () => this.route.set(parseRoute(location.hash)));
  }

  /** Takes the ticket out of the address bar and its history, if there is one: it must not be kept or shown. */
  takeTicket(): string | undefined {
    const ticket = ticketIn(location.hash);
    if (ticket !== undefined) this.#replace(formatRoute("overview"));
    return ticket;
  }

  /** Changes how the present page is looked at; that is no step to go back to. */
  setQuery(changes: Readonly<Record<string, string>>): void {
    const { page, id, query } = this.route.value;
    this.#replace(formatRoute(page, id, { ...query, ...changes }));
  }

  #replace(hash: string): void {
    history.replaceState(null, "", hash);
    this.route.set(parseRoute(hash));
  }
}
