import type { ControlEvent } from "../../../src/control/model.ts";
import { formatMoment, formatTime } from "../text/format.ts";

/** Some events as lines. */
export function EventList({ events }: { events: readonly ControlEvent[] }) {
  if (events.length === 0) return <p class="empty">Nothing happened yet.</p>;
  return (
    <ul class="events">
      {events.map(({ id, atMs, level, message }) => (
        <li key={id}>
          <time dateTime={new Date(atMs).toISOString()} title={formatMoment(atMs)}>
            {formatTime(atMs)}
          </time>
          <LevelMark level={level} />
          <span>{message}</span>
        </li>
      ))}
    </ul>
  );
}

const KINDS: Readonly<Record<ControlEvent["level"], string>> = { info: "", warn: "warn", error: "bad" };

export function LevelMark({ level }: Pick<ControlEvent, "level">) {
  return <span class={`mark ${KINDS[level]}`}>{level}</span>;
}
