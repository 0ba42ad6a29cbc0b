import { useState } from "preact/hooks";
import { describeLine } from "../text/describe-line.ts";
import { Plot, type PlotProps } from "./plot.tsx";

export interface ChartProps extends Omit<PlotProps, "onHover"> {
  readonly title: string;
  /** A sentence for a chart without lines. */
  readonly empty?: string;
}

/** Lines over time. The legend has the figures of the moment under the cursor, or the last ones. */
export function Chart({ title, empty, ...plot }: ChartProps) {
  const { times, lines, format } = plot;
  const [hovered, setHovered] = useState<number | null>(null);
  const place = hovered ?? times.length - 1;
  return (
    <figure class="panel chart">
      <figcaption>
        <h2>{title}</h2>
        <ul class="chart-legend">
          {lines.map(({ label, values }, number) => (
            <li key={label}>
              <span class={`swatch series-${number + 1}`} />
              {label} <b>{formatMaybe(values[place], format)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      {lines.length === 0 && <p class="empty">{empty}</p>}
      <div role="img" aria-label={lines.map((line) => describeLine(line, format)).join(" ")}>
        <Plot {...plot} onHover={setHovered} />
      </div>
    </figure>
  );
}

function formatMaybe(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? "–" : format(value);
}
