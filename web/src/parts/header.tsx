import { useDashboard } from "../dashboard.ts";
import type { FeedState } from "../data/live-feed.ts";
import { THEMES, type ThemeName } from "../data/theme.ts";
import { useStore } from "../data/use-store.ts";
import { formatRoute, PAGES } from "../routing/route.ts";
import { PAGE_TITLES } from "./page-titles.ts";

/** Name, menu, whether the page is live, light or dark, and who is looking. */
export function Header() {
  return (
    <header class="header">
      <a class="brand" href={formatRoute("overview")}>
        vpn-ws
      </a>
      <Menu />
      <div class="header-end">
        <LiveMark />
        <ThemeChoice />
        <OperatorMark />
      </div>
    </header>
  );
}

function Menu() {
  const { page } = useStore(useDashboard().router.route);
  return (
    <nav class="menu" aria-label="Pages">
      {PAGES.map((name) => (
        <a key={name} href={formatRoute(name)} aria-current={name === page ? "page" : undefined}>
          {PAGE_TITLES[name]}
        </a>
      ))}
    </nav>
  );
}

const LIVE_WORDS: Readonly<Record<FeedState, string>> = {
  off: "paused",
  opening: "connecting",
  live: "live",
  waiting: "reconnecting",
};

function LiveMark() {
  const state = useStore(useDashboard().feed.state);
  return (
    <span class={`live-mark live-${state}`} role="status">
      {LIVE_WORDS[state]}
    </span>
  );
}

function ThemeChoice() {
  const { theme } = useDashboard();
  const chosen = useStore(theme.name);
  return (
    <select
      aria-label="Light or dark"
      value={chosen}
      onChange={(event) => theme.choose(event.currentTarget.value as ThemeName)}
    >
      {THEMES.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

function OperatorMark() {
  const { session, notices } = useDashboard();
  const state = useStore(session.state);
  if (state.state !== "in") return null;
  const logOut = (): void => {
    session.logOut().catch((error: Error) => notices.tell("bad", error.message));
  };
  return (
    <>
      <span class="operator" title={state.role === "admin" ? "May look and act" : "May look"}>
        {state.name} <small>{state.role}</small>
      </span>
      <button type="button" onClick={logOut}>
        Log out
      </button>
    </>
  );
}
