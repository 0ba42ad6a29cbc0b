import { useEffect } from "preact/hooks";
import { useDashboard } from "../dashboard.ts";
import { useStore } from "../data/use-store.ts";
import { LoginPage } from "../pages/login-page.tsx";
import { CurrentPage } from "./current-page.tsx";
import { Header } from "./header.tsx";
import { NoticeList } from "./notice-list.tsx";

/** What surrounds every page; without a session, the login instead of the page, whose address stays as it is. */
export function Shell() {
  const { session } = useDashboard();
  const { state } = useStore(session.state);
  useLiveFeed(state === "in");
  if (state === "unknown") return <p class="asking">Asking the server…</p>;
  if (state === "out") return <LoginPage />;
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <Header />
      <main id="main" tabIndex={-1}>
        <CurrentPage />
      </main>
      <NoticeList />
    </>
  );
}

/** Listens to the server while there is a session and somebody looks: browsers allow few connections to one server. */
function useLiveFeed(isIn: boolean): void {
  const { feed } = useDashboard();
  useEffect(() => {
    if (!isIn) return;
    const follow = (): void => (document.visibilityState === "visible" ? feed.start() : feed.stop());
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      feed.stop();
    };
  }, [feed, isIn]);
}
