import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { ChartLine } from "../data/chart-line.ts";
import { resolveColour, useColourScheme } from "./colours.ts";

export interface PlotProps {
  /** Unix milliseconds, rising. */
  readonly times: readonly number[];
  /** At most six, as there are colours. */
  readonly lines: readonly ChartLine[];
  readonly format: (value: number) => string;
  /** The axis goes up to this at least: a line of nearly nothing is to look like that. */
  readonly leastTop: number;
  /** The place in `times` under the cursor. */
  readonly onHover: (place: number | null) => void;
}

const HEIGHT_PX = 170;
const AXIS_WIDTH_PX = 74;
const TIME_HEIGHT_PX = 26;
/** What is short does not fill the width: this does. */
const LEAST_SECONDS = 60;
const FONT = "11px system-ui, sans-serif";

/** The drawn part of a chart, as wide as there is room. */
export function Plot({ times, lines, onHover, ...look }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useColourScheme();
  const labels = lines.map(({ label }) => label).join("\n");
  // Other lines or colours make another plot; other data do not.
  useEffect(() => {
    const element = host.current;
    if (element === null || labels === "") return;
    const size = { width: element.clientWidth, height: HEIGHT_PX };
    const hooks = { setCursor: [({ cursor }: uPlot) => onHover(cursor.idx ?? null)] };
    const made = new uPlot({ ...size, hooks, ...options(labels.split("\n"), look) }, [[]], element);
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

type Look = Pick<PlotProps, "format" | "leastTop">;

function options(labels: readonly string[], { format, leastTop }: Look): Omit<uPlot.Options, "width" | "height"> {
  const axis = { stroke: resolveColour("--quiet"), font: FONT, ticks: { show: false } };
  const grid = { stroke: resolveColour("--line"), width: 1 };
  return {
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { range: (_plot, first, last) => timeRange(first, last) },
      y: { range: (_plot, _least, most) => [0, Math.max(most * 1.1, leastTop)] },
    },
    axes: [
      { ...axis, grid, size: TIME_HEIGHT_PX, space: 90, values: "{HH}:{mm}:{ss}" },
      { ...axis, grid, size: AXIS_WIDTH_PX, values: (_plot, ticks) => ticks.map(format) },
    ],
    series: [{}, ...labels.map(seriesOf)],
  };
}

/** In seconds; null before there are data. */
function timeRange(first: number | null, last: number | null): [number, number] {
  const end = last ?? Date.now() / 1000;
  return [Math.min(first ?? end, end - LEAST_SECONDS), end];
}

function seriesOf(label: string, number: number): uPlot.Series {
  const stroke = resolveColour(`--series-${number + 1}`);
  return { label, stroke, width: 1.5, points: { show: false } };
}
