import type { ComponentChildren } from "preact";

export interface Figure {
  readonly name: string;
  readonly value: ComponentChildren;
  /** Something to know about it. */
  readonly note?: ComponentChildren;
}

/** Some figures, large, side by side. */
export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl class="figures">
      {figures.map(({ name, value, note }) => (
        <div key={name} class="panel">
          <dt>{name}</dt>
          <dd>{value}</dd>
          {note !== undefined && <dd class="note">{note}</dd>}
        </div>
      ))}
    </dl>
  );
}

/** What something is, line by line. */
export function Facts({ title, facts }: { title: string; facts: readonly Figure[] }) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      <dl class="facts">
        {facts.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
