import { useDashboard } from "../dashboard.ts";
import { useStore } from "../data/use-store.ts";

/** Whether who looks may also act; the server checks it again. */
export function useIsAdmin(): boolean {
  const state = useStore(useDashboard().session.state);
  return state.state === "in" && state.role === "admin";
}
