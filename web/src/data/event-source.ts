import type { LiveHandlers, OpenLive } from "./live-feed.ts";

/** Opens the server's live feed at `address` with the browser's EventSource. */
export function openEventSource(address: string): OpenLive {
  return (after, handlers) => {
    const source = new EventSource(`${address}?after=${after}`);
    const listen = (name: "hello" | "sample" | "event"): void =>
      source.addEventListener(name, (message) => pass(handlers, name, message.data));
    listen("hello");
    listen("sample");
    listen("event");
    // It would try again by itself, but without end and not knowing why: whoever opened it does that better.
    source.onerror = () => {
      source.close();
      handlers.failed();
    };
    return () => source.close();
  };
}

function pass(handlers: LiveHandlers, name: "hello" | "sample" | "event", data: string): void {
  const value = JSON.parse(data);
  handlers[name](value);
}
