import { useDashboard } from "../dashboard.ts";
import { useStore } from "../data/use-store.ts";

/** What was just done, or failed; read out by a screen reader. */
export function NoticeList() {
  const { notices } = useDashboard();
  return (
    <div class="notices" role="status">
      {useStore(notices.shown).map(({ id, kind, text }) => (
        <p key={id} class={`notice notice-${kind}`}>
          {text}
          <button type="button" aria-label="Dismiss" onClick={() => notices.dismiss(id)}>
            ×
          </button>
        </p>
      ))}
    </div>
  );
}
