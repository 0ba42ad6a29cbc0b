import { useEffect, useState } from "preact/hooks";
import { browserClock } from "./browser-clock.ts";
import { type Polled, Poller } from "./poller.ts";
import { useStore } from "./use-store.ts";

/** How often tables are asked for. */
export const TABLE_PERIOD_MS = 2_000;

/** A question that is asked while the component stands and the page is visible; `load` must not change its meaning. */
export function usePoll<T>(load: () => Promise<T>, periodMs: number): Polled<T> & { readonly askNow: () => void } {
  const [poller] = useState(() => new Poller({ clock: browserClock, load }, { periodMs }));
  const answer = useStore(poller.answer);
  useEffect(() => {
    const follow = (): void => (document.visibilityState === "visible" ? poller.start() : poller.stop());
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      poller.stop();
    };
  }, [poller]);
  return { ...answer, askNow: () => poller.askNow() };
}
