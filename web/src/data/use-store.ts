import { useEffect, useState } from "preact/hooks";
import type { Store } from "./store.ts";

/** The store's value; the component is drawn again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, setSeen] = useState(() => store.value);
  useEffect(() => {
    const look = (): void => setSeen(() => store.value);
    // Between drawing and this effect the value may have changed.
    look();
    return store.watch(look);
  }, [store]);
  return store.value;
}
