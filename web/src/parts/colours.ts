import { useEffect, useState } from "preact/hooks";
import { useDashboard } from "../dashboard.ts";
import { useStore } from "../data/use-store.ts";

/** A colour of theme.css (`--series-1`) as a canvas understands it: for the light or dark that is shown now. */
export function resolveColour(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Changes when colours do: what a canvas shows must then be drawn anew. */
export function useColourScheme(): "light" | "dark" {
  const chosen = useStore(useDashboard().theme.name);
  const [isDark, setDark] = useState(() => darkWanted().matches);
  useEffect(() => {
    const wanted = darkWanted();
    const look = (): void => setDark(wanted.matches);
    wanted.addEventListener("change", look);
    return () => wanted.removeEventListener("change", look);
  }, []);
  return chosen === "auto" ? (isDark ? "dark" : "light") : chosen;
}

function darkWanted(): MediaQueryList {
  return matchMedia("(prefers-color-scheme: dark)");
}
