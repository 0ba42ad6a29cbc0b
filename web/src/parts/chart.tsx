import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { ChartLine } from "../data/chart-line.ts";
import { describeLine } from "../text/describe-line.ts";
import { resolveColour, useColourScheme } from "./colours.ts";

export interface ChartProps {
  readonly title: string;
  /** Unix milliseconds, rising. */
  readonly times: readonly number[];
  /** At most as many as there are colours, always in the same order; six. */
  readonly lines: readonly ChartLine[];
  readonly format: (value: number) => string;
  /** A sentence for a chart without lines. */
  readonly empty?: string;
}

const HEIGHT_PX = 170;
const AXIS_WIDTH_PX = 74;
const TIME_HEIGHT_PX = 26;
const LEAST_SECONDS = 60;
const FONT = "11px system-ui, sans-serif";

/** Lines over time. The legend has the figures of the moment under the cursor, or the last ones. */
export function Chart({ title, times, lines, format, empty }: ChartProps) {
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
        <Plot times={times} lines={lines} format={format} onHover={setHovered} />
      </div>
    </figure>
  );
}

function formatMaybe(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? "–" : format(value);
}

interface PlotProps extends Pick<ChartProps, "times" | "lines" | "format"> {
  readonly onHover: (place: number | null) => void;
}

function Plot({ times, lines, format, onHover }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useColourScheme();
  const labels = lines.map(({ label }) => label).join("\n");
  // Other lines or colours make another plot; other data do not.
  useEffect(() => {
    const element = host.current;
    if (element === null || labels === "") return;
    const made = new uPlot(plotOptions(element.clientWidth, labels.split("\n"), format, onHover), [[]], element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [labels, scheme]);
  const data = useMemo<uPlot.AlignedData>(
    () => [times.map((atMs) => atMs / 1000), ...lines.map(({ values }) => [...values])],
    [times, lines],
  );
  // A new plot has no data yet.
  useEffect(() => plot.current?.setData(data), [data, labels, scheme]);
  return <div ref={host} class="plot" />;
}

function plotOptions(
  width: number,
  labels: readonly string[],
  format: (value: number) => string,
  onHover: (place: number | null) => void,
): uPlot.Options {
  const axis = { stroke: resolveColour("--quiet"), font: FONT, ticks: { show: false } };
  const grid = { stroke: resolveColour("--line"), width: 1 };
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: {
      // What is short does not fill the width: a minute does.
      x: { range: (_plot, first, last) => [Math.min(first, last - LEAST_SECONDS), last] },
      y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] },
    },
    axes: [
      { ...axis, grid, size: TIME_HEIGHT_PX, space: 90, values: "{HH}:{mm}:{ss}" },
      { ...axis, grid, size: AXIS_WIDTH_PX, values: (_plot, ticks) => ticks.map(format) },
    ],
    series: [
      {},
      ...labels.map((label, number) => ({
        label,
        stroke: resolveColour(`--series-${number + 1}`),
        width: 1.5,
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [(plot) => onHover(plot.cursor.idx ?? null)] },
  };
}
