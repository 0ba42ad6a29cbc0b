import { useEffect, useState } from "preact/hooks";

/** Whether the system wants dark pages: style sheets know by themselves, a canvas does not. */
export function useSystemTheme(): boolean {
  const [isDark, setDark] = useState(() => matchMedia(DARK).matches);
  useEffect(() => {
    const query = matchMedia(DARK);
    const follow = (): void => setDark(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return isDark;
}

const DARK = "(prefers-color-scheme: dark)";
